"""EventBridge's resources: made, changed in place, taken away; and events reach a queue by them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from infra.event_bus import EventBus
from infra.partner_queue import PartnerQueue
from local.emulator.servers import REGION, CloudServer
from local.errors import DeploymentError
from tests.local.deployer.test_cloud import Deployment

Client = Callable[[str], Any]
BUS = "adledger-local-events"
PARTNER = "adledger-local-partner"


@pytest.fixture
def deployment(cloud: CloudServer, tmp_path: Path) -> Deployment:
    return Deployment(cloud, tmp_path)


def options() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=aws.Provider("aws", region=REGION))


def program(*kinds: str, days: int = 7, schemas: bool = False) -> Callable[[], None]:
    """A bus with its archive, and a partner who wants these kinds of events."""

    def make() -> None:
        opts = options()
        bus = EventBus(
            "events", {"archive_days": days, "schemas": schemas, "consumer_accounts": []}, opts
        )
        if kinds:
            args: Any = {"bus_name": bus.bus_name, "source": "adledger", "event_types": [*kinds]}
            PartnerQueue("partner", args, opts)
        pulumi.export("eventBusName", bus.bus_name)

    return make


def put(client: Client, *kinds: str) -> None:
    entries = [
        {"EventBusName": BUS, "Source": "adledger", "DetailType": kind, "Detail": "{}"}
        for kind in kinds
    ]
    assert client("events").put_events(Entries=entries)["FailedEntryCount"] == 0


def received(client: Client) -> list[str]:
    """The kinds of the events in the partner's queue, which are taken out of it."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=PARTNER)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return sorted(json.loads(message["Body"])["detail-type"] for message in messages)


def test_events_reach_the_partner_and_the_archive(deployment: Deployment, client: Client) -> None:
    plan = deployment.run(program("AdCreated", "AdDeleted"))
    assert plan.exports["eventBusName"] == BUS

    put(client, "AdCreated", "AdUpdated", "AdDeleted")
    assert received(client) == ["AdCreated", "AdDeleted"]
    archive = client("events").describe_archive(ArchiveName=BUS)
    assert (archive["EventCount"], archive["RetentionDays"]) == (3, 7)

    deployment.run(program("AdCreated", "AdDeleted"))
    assert deployment.changed == 0
    deployment.run(program("AdUpdated", days=9))
    assert deployment.changed == 2
    assert client("events").describe_archive(ArchiveName=BUS)["RetentionDays"] == 9
    put(client, "AdCreated", "AdUpdated")
    assert received(client) == ["AdUpdated"]

    deployment.run(program())
    assert client("events").list_rules(EventBusName=BUS)["Rules"] == []
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    deployment.run(lambda: None)
    assert [b["Name"] for b in client("events").list_event_buses()["EventBuses"]] == ["default"]
    assert client("events").list_archives()["Archives"] == []


def test_what_the_emulator_cannot_do_is_not_passed_over(deployment: Deployment) -> None:
    with pytest.raises(DeploymentError, match="aws:schemas/registry:Registry"):
        deployment.run(program(schemas=True))
    deployment.run(lambda: None)
