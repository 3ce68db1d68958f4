"""Where other systems learn of every change: a bus of our own, its archive and its schemas."""

import json
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants
from infra.packages import ROOT

SCHEMAS = ROOT / "runtime" / "ad_events" / "schemas"
"""One file an event type, in JSON Schema draft 4, made from the shapes that are sent."""


class EventBusArgs(TypedDict):
    """How long events are kept, and who else may have them."""

    archive_days: int
    """Days that the archive keeps events."""
    schemas: bool
    """Register the events' schemas."""
    consumer_accounts: list[str]
    """Accounts that may keep rules of their own on the bus, and read the schemas."""


class EventBus(pulumi.ComponentResource):
    """A bus that only those who are granted it can put events onto, with an archive."""

    bus_name: pulumi.Output[str]
    """The bus."""
    bus_arn: pulumi.Output[str]
    """Its ARN."""

    def __init__(
        self, name: str, args: EventBusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the bus, its archive, its policy and the schemas."""
        super().__init__("adledger:index:EventBus", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        consumers = args["consumer_accounts"]
        bus = aws.cloudwatch.EventBus(name, description="Changes of ads.", opts=self._own)
        aws.cloudwatch.EventArchive(
            name,
            event_source_arn=bus.arn,
            event_pattern=json.dumps({"source": [event_source()]}),
            retention_days=args["archive_days"],
            opts=self._own,
        )
        if consumers:
            self._consumers(name, bus, consumers)
        if args["schemas"]:
            self._schemas(name, consumers)
        self.bus_name = bus.name
        self.bus_arn = bus.arn
        self.register_outputs({"busName": self.bus_name, "busArn": self.bus_arn})

    def _consumers(self, name: str, bus: aws.cloudwatch.EventBus, accounts: list[str]) -> None:
        own_rules = grants.own_rules(bus.arn.apply(rules_arn), event_source())
        aws.cloudwatch.EventBusPolicy(
            name,
            event_bus_name=bus.name,
            policy=grants.policy(
                [grants.given_to(_accounts(accounts), statement) for statement in own_rules]
            ),
            opts=self._own,
        )

    def _schemas(self, name: str, consumers: list[str]) -> None:
        registry = aws.schemas.Registry(name, description="Changes of ads.", opts=self._own)
        for kind, schema in event_schemas().items():
            aws.schemas.Schema(
                f"{name}-{kind}",
                name=f"{event_source()}@{kind}",
                registry_name=registry.name,
                type="JSONSchemaDraft4",
                content=json.dumps(schema),
                description=schema["description"],
                opts=self._own,
            )
        if consumers:
            read = grants.read_schemas(registry.arn, registry.arn.apply(schemas_arn))
            aws.schemas.RegistryPolicy(
                name,
                registry_name=registry.name,
                policy=grants.policy(
                    [grants.given_to(_accounts(consumers), statement) for statement in read]
                ),
                opts=self._own,
            )


def event_schemas() -> dict[str, Any]:
    """The schemas by event type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}


def event_source() -> str:
    """What all events name as their source."""
    (source,) = {schema["x-amazon-events-source"] for schema in event_schemas().values()}
    return source


def rules_arn(bus_arn: str) -> str:
    """The ARN of all rules on a bus."""
    before, bus = bus_arn.split(":event-bus/")
    return f"{before}:rule/{bus}/*"


def schemas_arn(registry_arn: str) -> str:
    """The ARN of all schemas in a registry."""
    before, registry = registry_arn.split(":registry/")
    return f"{before}:schema/{registry}/*"


def _accounts(ids: list[str]) -> grants.Principal:
    return {"AWS": [f"arn:aws:iam::{account}:root" for account in ids]}
