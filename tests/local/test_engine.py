"""The in-memory engine: what it records, what it refuses, and that runs leave nothing behind."""

import asyncio
import gc
import os
import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import mocks

from local.engine import Cloud, run
from local.plan import SECRET, UNKNOWN, EngineError

TABLE = "aws:dynamodb/table:Table"
CALLER = "aws:index/getCallerIdentity:getCallerIdentity"
PROJECT = """\
name: shop
runtime: python
config:
  tables: {type: integer, default: 2, description: How many tables.}
  owner: {type: string, description: Who owns it.}
  aws:region: {value: eu-west-1}
"""
ATTRIBUTES: Any = [{"name": "pk", "type": "S"}]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  shop:owner: dev-team\n")
    return tmp_path


def table(name: str, **options: Any) -> aws.dynamodb.Table:
    return aws.dynamodb.Table(
        name,
        hash_key="pk",
        attributes=ATTRIBUTES,
        read_capacity=5,
        opts=pulumi.ResourceOptions(**options),
    )


class Shop(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("shop:index:Shop", "shop", {})
        self.table = table("orders", parent=self, protect=True, retain_on_delete=True)
        self.register_outputs({"tableName": self.table.name})


def test_a_resource_is_recorded_with_its_inputs_and_options(root: Path) -> None:
    plan = run(root, "dev", Cloud(), program=Shop)
    (orders,) = plan.of(TABLE)
    assert orders is plan.one(TABLE, "orders")
    assert orders.inputs["hashKey"] == "pk"
    assert orders.inputs["readCapacity"] == 5
    assert isinstance(orders.inputs["readCapacity"], int)
    assert (orders.protect, orders.retain, orders.custom) == (True, True, True)
    assert orders.parent.endswith("shop:index:Shop::shop")
    assert plan.outputs[orders.parent] == {"tableName": "orders"}


def test_a_missing_resource_is_reported_with_those_there_are(root: Path) -> None:
    plan = run(root, "dev", Cloud(), program=Shop)
    with pytest.raises(EngineError, match="there are: orders"):
        plan.one(TABLE, "order")


def test_exports_are_kept_and_their_secrets_masked(root: Path) -> None:
    def program() -> None:
        pulumi.export("arn", table("orders").arn)
        pulumi.export("password", pulumi.Output.secret("hunter2"))

    exports = run(root, "dev", Cloud(), program=program).exports
    assert exports == {
        "arn": "arn:aws:mock:eu-west-1:123456789012:orders",
        "password": SECRET,
    }


def test_the_program_file_is_run_when_none_is_given(root: Path) -> None:
    (root / "words.py").write_text('GREETING = "hello"\n')
    (root / "__main__.py").write_text(
        'import pulumi\nimport words\npulumi.export("greeting", words.GREETING)\n'
    )
    try:
        assert run(root, "dev", Cloud()).exports == {"greeting": "hello"}
    finally:
        sys.modules.pop("words", None)


def test_config_is_declared_then_chosen_then_overridden(root: Path) -> None:
    def program() -> None:
        config = pulumi.Config()
        pulumi.export("tables", config.require_int("tables"))
        pulumi.export("owner", config.require("owner"))
        pulumi.export("region", pulumi.Config("aws").require("region"))

    plan = run(root, "dev", Cloud(), program=program, config={"shop:tables": "3"})
    assert plan.exports == {"tables": 3, "owner": "dev-team", "region": "eu-west-1"}


def test_the_stack_file_may_lie_elsewhere(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text("config:\n  shop:owner: somebody-else\n")
    plan = run(
        root,
        "other",
        Cloud(),
        program=lambda: pulumi.export("owner", pulumi.Config().require("owner")),
        stack_file=elsewhere,
    )
    assert plan.exports == {"owner": "somebody-else"}


def test_secrets_of_the_stack_file_are_markers(root: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text("config:\n  shop:token: {secure: AAAB}\n")

    def program() -> None:
        table("orders").name.apply(lambda name: name)
        aws.ssm.Parameter("token", type="String", value=pulumi.Config().require_secret("token"))

    parameter = run(root, "dev", Cloud(), program=program).one(
        "aws:ssm/parameter:Parameter", "token"
    )
    assert parameter.inputs["value"] == SECRET
    assert "value" in parameter.secrets


def test_an_output_left_out_is_unknown_in_preview_only(root: Path) -> None:
    def program() -> None:
        queue = aws.sqs.Queue("failures")
        table("orders")
        aws.ssm.Parameter("queue", type="String", value=queue.url)

    def value(preview: bool, cloud: Cloud) -> Any:
        plan = run(root, "dev", cloud, program=program, preview=preview)
        return plan.one("aws:ssm/parameter:Parameter", "queue").inputs.get("value")

    answered = Cloud(computed={"aws:sqs/queue:Queue": lambda name, _: {"url": f"https://{name}"}})
    assert value(True, Cloud()) == UNKNOWN
    assert value(False, Cloud()) is None
    assert value(True, answered) == value(False, answered) == "https://failures"


def test_an_invoke_is_recorded_and_must_have_an_answer(root: Path) -> None:
    def program() -> None:
        pulumi.export("account", aws.get_caller_identity_output().account_id)

    plan = run(root, "dev", Cloud({CALLER: lambda _: {"accountId": "42"}}), program=program)
    assert plan.exports == {"account": "42"}
    assert [token for token, _ in plan.invokes] == [CALLER]
    with pytest.raises(Exception, match=f"no answer was given for the invoke {CALLER}"):
        run(root, "dev", Cloud(), program=program)


def test_a_cloud_of_ones_own_decides_ids_and_outputs(root: Path) -> None:
    class Recorded(Cloud):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
            return f"id-of-{args.name}", {"arn": "arn:real", **args.inputs}

    def program() -> None:
        orders = table("orders")
        pulumi.export("both", pulumi.Output.concat(orders.id, " ", orders.arn))

    assert run(root, "dev", Recorded(), program=program).exports == {
        "both": "id-of-orders arn:real"
    }


class RefusedError(Exception):
    pass


def refuse(*_: Any) -> Any:
    raise RefusedError


def fail_in_apply() -> None:
    table("orders").name.apply(refuse)


@pytest.mark.parametrize("program", [refuse, fail_in_apply])
def test_an_error_is_raised_as_it_was_and_spoils_no_later_run(root: Path, program: Any) -> None:
    with pytest.raises(RefusedError):
        run(root, "dev", Cloud(), program=program)
    assert run(root, "dev", Cloud(), program=Shop).one(TABLE, "orders")


def test_two_resources_of_one_urn_are_refused(root: Path) -> None:
    def program() -> None:
        table("orders")
        table("orders")

    with pytest.raises(EngineError, match="share the URN"):
        run(root, "dev", Cloud(), program=program)


def test_an_output_written_into_text_is_refused(root: Path) -> None:
    def program() -> None:
        pulumi.export("text", f"the table {table('orders').name}")

    with pytest.raises(Exception, match="__str__ on an Output"):
        run(root, "dev", Cloud(), program=program)


def test_a_warning_of_the_sdk_is_an_error(root: Path) -> None:
    with pytest.raises(EngineError, match="mind the step"):
        run(root, "dev", Cloud(), program=lambda: pulumi.warn("mind the step"))


def test_a_failed_run_logs_nothing_later(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    def program() -> None:
        table("orders").name.apply(refuse)
        table("orders")

    with pytest.raises((RefusedError, EngineError)):
        run(root, "dev", Cloud(), program=program)
    gc.collect()
    assert caplog.messages == []


def test_a_missing_key_is_reported_by_name(root: Path) -> None:
    with pytest.raises(pulumi.ConfigMissingError, match="shop:absent"):
        run(root, "dev", Cloud(), program=lambda: pulumi.Config().require("absent"))


def test_an_output_that_never_comes_ends_the_run(root: Path) -> None:
    def program() -> None:
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        pulumi.export("never", pulumi.Output.from_input(never))

    with pytest.raises(TimeoutError):
        run(root, "dev", Cloud(), program=program, timeout=0.2)


def test_a_run_leaves_the_process_as_it_was(root: Path) -> None:
    before = (Path.cwd(), list(sys.path), dict(os.environ))
    run(root, "dev", Cloud(), program=Shop)
    assert (Path.cwd(), list(sys.path), dict(os.environ)) == before
