"""EventBridge's buses, archives, rules and targets. The emulator has no schema registry."""

from typing import Any

from local.deployer.resources.maker import (
    Inputs,
    Maker,
    Outputs,
    capitalised,
    found,
    given,
    physical,
)


class _Part(Maker):
    """Something of EventBridge's."""

    @property
    def _events(self) -> Any:
        return self.place.client("events")


class EventBus(_Part):
    """A bus; its archive and its rules come with it."""

    type = "aws:cloudwatch/eventBus:EventBus"

    def find(self, name: str, inputs: Inputs) -> str | None:
        bus = physical(name, inputs)
        return bus if found(self._events.describe_event_bus, Name=bus) else None

    def create(self, name: str, inputs: Inputs) -> str:
        bus = physical(name, inputs)
        self._events.create_event_bus(Name=bus, **given(Description=inputs.get("description")))
        return bus

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._events.update_event_bus(Name=id_, **given(Description=inputs.get("description")))
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": id_, "arn": self.place.arn("events", f"event-bus/{id_}")}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._events.delete_event_bus(Name=id_)


class EventArchive(_Part):
    """What came over a bus, to be replayed."""

    type = "aws:cloudwatch/eventArchive:EventArchive"

    def find(self, name: str, inputs: Inputs) -> str | None:
        archive = physical(name, inputs)
        return archive if found(self._events.describe_archive, ArchiveName=archive) else None

    def create(self, name: str, inputs: Inputs) -> str:
        archive = physical(name, inputs)
        self._events.create_archive(
            ArchiveName=archive, EventSourceArn=inputs["eventSourceArn"], **_kept(inputs)
        )
        return archive

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._events.update_archive(ArchiveName=id_, **_kept(inputs))
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": id_, "arn": self.place.arn("events", f"archive/{id_}")}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._events.delete_archive(ArchiveName=id_)


class EventRule(_Part):
    """Which events go on from a bus."""

    type = "aws:cloudwatch/eventRule:EventRule"

    def find(self, name: str, inputs: Inputs) -> str | None:
        bus, rule = inputs["eventBusName"], physical(name, inputs)
        describe = self._events.describe_rule
        return f"{bus}/{rule}" if found(describe, Name=rule, EventBusName=bus) else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(f"{inputs['eventBusName']}/{physical(name, inputs)}", name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        bus, rule = id_.split("/")
        self._events.put_rule(
            Name=rule,
            EventBusName=bus,
            **given(
                EventPattern=inputs.get("eventPattern"),
                ScheduleExpression=inputs.get("scheduleExpression"),
                State=inputs.get("state"),
                Description=inputs.get("description"),
            ),
        )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": id_.split("/")[1], "arn": self.place.arn("events", f"rule/{id_}")}

    def delete(self, id_: str, outputs: Outputs) -> None:
        bus, rule = id_.split("/")
        self._events.delete_rule(Name=rule, EventBusName=bus)


class EventTarget(_Part):
    """Where a rule's events go."""

    type = "aws:cloudwatch/eventTarget:EventTarget"

    def find(self, name: str, inputs: Inputs) -> str | None:
        bus, rule, target = self._id(inputs).split("/")
        listed = found(self._events.list_targets_by_rule, Rule=rule, EventBusName=bus)
        ids = {each["Id"] for each in listed["Targets"]} if listed else set()
        return self._id(inputs) if target in ids else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(self._id(inputs), name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        bus, rule, target = id_.split("/")
        wanted = given(
            Id=target,
            Arn=inputs["arn"],
            RoleArn=inputs.get("roleArn"),
            DeadLetterConfig=capitalised(inputs.get("deadLetterConfig")),
            RetryPolicy=capitalised(inputs.get("retryPolicy")),
        )
        self._events.put_targets(Rule=rule, EventBusName=bus, Targets=[wanted])
        return id_

    def delete(self, id_: str, outputs: Outputs) -> None:
        bus, rule, target = id_.split("/")
        self._events.remove_targets(Rule=rule, EventBusName=bus, Ids=[target])

    @staticmethod
    def _id(inputs: Inputs) -> str:
        return f"{inputs['eventBusName']}/{inputs['rule']}/{inputs['targetId']}"


def _kept(inputs: Inputs) -> dict[str, Any]:
    return given(
        Description=inputs.get("description"),
        EventPattern=inputs.get("eventPattern"),
        RetentionDays=inputs.get("retentionDays"),
    )


MAKERS = (EventBus, EventArchive, EventRule, EventTarget)
