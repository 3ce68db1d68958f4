"""An example of a partner: a rule on the event bus, and the queue that it fills."""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants

RETENTION_S = 14 * 24 * 3600
"""The longest SQS keeps a message."""
EVENT_AGE_S_MAX = 24 * 3600
DELIVERIES_MAX = 185
"""EventBridge's own limits on trying again."""
EVENTBRIDGE: grants.Principal = {"Service": "events.amazonaws.com"}


class PartnerQueueArgs(TypedDict):
    """Which events a partner gets."""

    bus_name: pulumi.Input[str]
    """The bus that the events come from."""
    source: str
    """The events' source."""
    event_types: list[str]
    """The events' types, such as AdCreated."""


class PartnerQueue(pulumi.ComponentResource):
    """A queue with a partner's events, and a second one with those that could not be delivered."""

    queue_url: pulumi.Output[str]
    """Where the partner receives."""
    queue_arn: pulumi.Output[str]
    """The queue's ARN."""
    undelivered_queue_arn: pulumi.Output[str]
    """The queue of the events that the first did not take in a day."""

    def __init__(
        self, name: str, args: PartnerQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make both queues, the rule, and the way from it to them."""
        super().__init__("adledger:index:PartnerQueue", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            name,
            event_bus_name=args["bus_name"],
            event_pattern=json.dumps(
                {"source": [args["source"]], "detail-type": args["event_types"]}
            ),
            state="ENABLED",
            opts=self._own,
        )
        queue, queue_open = self._queue(name, rule)
        undelivered, undelivered_open = self._queue(f"{name}-undelivered", rule)
        aws.cloudwatch.EventTarget(
            name,
            event_bus_name=args["bus_name"],
            rule=rule.name,
            target_id=name,
            arn=queue.arn,
            dead_letter_config={"arn": undelivered.arn},
            retry_policy={
                "maximum_event_age_in_seconds": EVENT_AGE_S_MAX,
                "maximum_retry_attempts": DELIVERIES_MAX,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[queue_open, undelivered_open]),
        )
        self.queue_url = queue.url
        self.queue_arn = queue.arn
        self.undelivered_queue_arn = undelivered.arn
        self.register_outputs(
            {
                "queueUrl": self.queue_url,
                "queueArn": self.queue_arn,
                "undeliveredQueueArn": self.undelivered_queue_arn,
            }
        )

    def _queue(
        self, name: str, rule: aws.cloudwatch.EventRule
    ) -> tuple[aws.sqs.Queue, aws.sqs.QueuePolicy]:
        """A queue into which this rule alone may send."""
        queue = aws.sqs.Queue(
            name,
            message_retention_seconds=RETENTION_S,
            sqs_managed_sse_enabled=True,
            opts=self._own,
        )
        from_rule = grants.given_if(
            {"ArnEquals": {"aws:SourceArn": rule.arn}}, grants.send_to_queue(queue.arn)
        )
        policy = aws.sqs.QueuePolicy(
            name,
            queue_url=queue.url,
            policy=grants.policy([grants.given_to(EVENTBRIDGE, from_rule)]),
            opts=self._own,
        )
        return queue, policy
