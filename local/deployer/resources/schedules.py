"""EventBridge Scheduler's schedules. The emulator neither tries again nor looks at the role."""

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


class Schedule(Maker):
    """When something is called."""

    type = "aws:scheduler/schedule:Schedule"

    @property
    def _scheduler(self) -> Any:
        return self.place.client("scheduler")

    def find(self, name: str, inputs: Inputs) -> str | None:
        schedule = physical(name, inputs)
        return schedule if found(self._scheduler.get_schedule, Name=schedule) else None

    def create(self, name: str, inputs: Inputs) -> str:
        schedule = physical(name, inputs)
        self._scheduler.create_schedule(Name=schedule, **_settings(inputs))
        return schedule

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._scheduler.update_schedule(Name=id_, **_settings(inputs))
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": id_, "arn": self.place.arn("scheduler", f"schedule/default/{id_}")}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._scheduler.delete_schedule(Name=id_)


def _settings(inputs: Inputs) -> dict[str, Any]:
    return given(
        Description=inputs.get("description"),
        FlexibleTimeWindow=capitalised(inputs["flexibleTimeWindow"]),
        ScheduleExpression=inputs["scheduleExpression"],
        ScheduleExpressionTimezone=inputs.get("scheduleExpressionTimezone"),
        State=inputs.get("state"),
        Target=capitalised(inputs["target"]),
    )


MAKERS = (Schedule,)
