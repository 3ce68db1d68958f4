"""A state machine is made in the embedded cloud, changed, left alone, and taken away."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from local.emulator.servers import REGION, CloudServer
from tests.local.deployer.test_cloud import TRUST, Deployment

ARN = "arn:aws:states:eu-west-1:000000000000:stateMachine:adledger-local-greeter"


@pytest.fixture
def deployment(cloud: CloudServer, tmp_path: Path) -> Deployment:
    return Deployment(cloud, tmp_path)


def greeter(greeting: str) -> Callable[[], None]:
    """A program with a machine that answers this."""
    state = {"Type": "Pass", "Result": greeting, "End": True}
    definition = json.dumps({"StartAt": "Greet", "States": {"Greet": state}})

    def program() -> None:
        opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region=REGION))
        role = aws.iam.Role("greeter", assume_role_policy=TRUST, opts=opts)
        machine = aws.sfn.StateMachine(
            "greeter", role_arn=role.arn, definition=definition, opts=opts
        )
        pulumi.export("arn", machine.arn)

    return program


def test_a_machine_runs_as_it_is_defined_last(
    deployment: Deployment, client: Callable[[str], Any]
) -> None:
    states = client("stepfunctions")

    def greeted() -> Any:
        arn = states.start_execution(stateMachineArn=ARN)["executionArn"]
        while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            pass
        return json.loads(found["output"])

    assert deployment.run(greeter("hello")).exports["arn"] == ARN
    assert greeted() == "hello"
    deployment.run(greeter("hello"))
    assert deployment.changed == 0
    deployment.run(greeter("bye"))
    assert greeted() == "bye"
    deployment.run(lambda: None)
    assert states.list_state_machines()["stateMachines"] == []
