"""Step Functions state machines. The emulator logs and traces none of their executions."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, found, physical


class StateMachine(Maker):
    """A state machine; executions under way go on with the definition they began with."""

    type = "aws:sfn/stateMachine:StateMachine"

    @property
    def _states(self) -> Any:
        return self.place.client("stepfunctions")

    def find(self, name: str, inputs: Inputs) -> str | None:
        arn = self.place.arn("states", f"stateMachine:{physical(name, inputs)}")
        return arn if found(self._states.describe_state_machine, stateMachineArn=arn) else None

    def create(self, name: str, inputs: Inputs) -> str:
        answer = self._states.create_state_machine(
            name=physical(name, inputs),
            definition=inputs["definition"],
            roleArn=inputs["roleArn"],
            type=inputs.get("type") or "STANDARD",
        )
        return answer["stateMachineArn"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._states.update_state_machine(
            stateMachineArn=id_, definition=inputs["definition"], roleArn=inputs["roleArn"]
        )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"arn": id_, "name": physical(name, inputs)}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._states.delete_state_machine(stateMachineArn=id_)


MAKERS = (StateMachine,)
