"""The whole program in process, in preview and update, for dev and prod: what it may never lose.

After an intended change of the resources, `python -m tests.test_program` writes the URNs anew.
"""

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.grants import UNCONFINED
from infra.packages import ROOT, WORKERS, files
from local.plan import Plan, Resource
from tests.infra.plans import (
    DOMAIN_POLICY,
    EVENT_SOURCE,
    FUNCTION,
    LOG_GROUP,
    QUEUE,
    QUEUE_POLICY,
    ROLE_POLICY,
    STATE_MACHINE,
    TABLE,
    planned,
    planned_blank,
    statements,
)

STACKS = ("dev", "prod")
URNS = Path(__file__).parent / "urns"
EXPORTS = {
    "publisherApiEndpoint": "https://publisher-api.execute-api.example",
    "clientApiEndpoint": "https://client-api.execute-api.example",
    "operationsApiEndpoint": "https://operations-api.execute-api.example",
    "searchEndpoint": "https://search-index.es.example",
    "journalTableName": "journal",
    "streamName": "journal-stream",
    "stateTableName": "state",
    "eventBusName": "events",
    "eventWorkerName": "publish-events",
    "snapshotBucketName": "snapshots-id",
}
PROGRAMS = [ROOT / "__main__.py", *sorted((ROOT / "infra").glob("*.py"))]
CONTRACT = {
    *("JOURNAL_TABLE", "LEDGER_NAME", "LEDGER_SHARDS", "STATE_TABLE"),
    *("SEARCH_ENDPOINT", "SEARCH_INDEX", "STREAM_NAME", "STREAM_ARN", "QLDB_STREAM_ARN"),
    *("EVENT_BUS", "EVENT_FUNCTION"),
    *("REPLAYS_TABLE", "REPLAY_TABLE", "REPLAY_MACHINE", "REPLAY_PIECE_BLOCKS"),
    *("SNAPSHOT_BUCKET", "SNAPSHOT_FUNCTION"),
}
"""Environment variables that the program sets and the workers read."""
API_WAITS_S = 29
LAMBDA_RUNS_S_MAX = 900
TABLE_STREAM_KEEPS_S = 24 * 3600

each_stack = pytest.mark.parametrize("stack", STACKS)
each_plan = pytest.mark.parametrize(
    ("stack", "preview"),
    [(stack, preview) for stack in STACKS for preview in (False, True)],
    ids=lambda value: {True: "preview", False: "update"}.get(value, value),
)


def own_resources(plan: Plan) -> list[Resource]:
    """What AWS is asked to make: no components, no provider."""
    return [r for r in plan.resources.values() if r.custom and not r.type.startswith("pulumi:")]


def worker_of(function: Resource) -> str:
    """The package under runtime/ that a function runs."""
    return function.inputs["handler"].split(".")[1]


@each_plan
def test_nothing_uses_a_default_provider(stack: str, preview: bool) -> None:
    plan = planned(stack, preview)
    (provider,) = plan.of("pulumi:providers:aws")
    strays = [r.urn for r in own_resources(plan) if r.provider.split("::id")[0] == ""]
    assert strays == []
    assert {r.provider.rsplit("::", 1)[0] for r in own_resources(plan)} == {provider.urn}
    assert plan.invokes == []


@each_plan
def test_exports_are_the_contract(stack: str, preview: bool) -> None:
    shards = {"dev": 1, "prod": 4}[stack]
    names = ",".join(f"ads-{shard}" for shard in range(shards))
    assert planned(stack, preview).exports == {**EXPORTS, "ledgerNames": names}


@each_plan
def test_the_set_of_resources_is_as_committed(stack: str, preview: bool) -> None:
    committed = (URNS / f"{stack}.txt").read_text().splitlines()
    assert sorted(planned(stack, preview).resources) == committed


@each_stack
def test_what_is_unknown_in_a_preview_does_not_change_its_shape(stack: str) -> None:
    assert sorted(planned_blank(stack).resources) == sorted(planned(stack).resources)


@each_plan
def test_everything_but_the_shared_layer_belongs_to_a_component(stack: str, preview: bool) -> None:
    plan = planned(stack, preview)
    loose = [r.name for r in own_resources(plan) if "::pulumi:pulumi:Stack::" in r.parent]
    assert loose == ["dependencies"]


@each_plan
def test_every_component_registers_its_outputs(stack: str, preview: bool) -> None:
    plan = planned(stack, preview)
    components = [r for r in plan.resources.values() if ":index:" in r.type and not r.custom]
    assert len(components) == (23 if stack == "dev" else 22)
    assert [r.urn for r in components if not plan.outputs.get(r.urn)] == []


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("name", ["journal", "state"])
def test_data_is_guarded_where_it_is_retained(name: str, preview: bool) -> None:
    table = planned("prod", preview).one(TABLE, name)
    assert table.protect
    assert table.retain
    assert table.inputs["deletionProtectionEnabled"] is True
    assert table.inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
    assert table.inputs["serverSideEncryption"] == {"enabled": True}


@pytest.mark.parametrize("name", ["journal", "state"])
def test_a_throwaway_stack_can_be_thrown_away(name: str) -> None:
    table = planned("dev").one(TABLE, name)
    assert (table.protect, table.retain) == (False, False)
    assert table.inputs["deletionProtectionEnabled"] is False
    assert table.inputs["pointInTimeRecovery"]["enabled"] is True
    assert table.inputs["serverSideEncryption"] == {"enabled": True}


@each_stack
def test_nothing_else_is_guarded_so_that_a_stack_can_be_changed(stack: str) -> None:
    guarded = {r.name for r in own_resources(planned(stack)) if r.protect or r.retain}
    assert guarded == ({"journal", "state", "snapshots"} if stack == "prod" else set())


def policies(plan: Plan) -> list[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, by the resource that has it."""
    fields = {
        ROLE_POLICY: "policy",
        DOMAIN_POLICY: "accessPolicies",
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
        QUEUE_POLICY: "policy",
    }
    return [
        (resource.name, statement)
        for type_, field in fields.items()
        for resource in plan.of(type_)
        for statement in statements(resource, field)
    ]


@each_stack
def test_no_action_has_a_wildcard(stack: str) -> None:
    found = policies(planned(stack))
    assert len(found) > 20
    assert [(name, s) for name, s in found for action in s["Action"] if "*" in action] == []
    assert {s["Effect"] for _, s in found} == {"Allow"}


@each_stack
def test_only_actions_that_know_no_resource_are_unconfined(stack: str) -> None:
    unconfined = {
        action
        for _, statement in policies(planned(stack))
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }
    assert unconfined == UNCONFINED


@each_stack
def test_a_wildcard_in_a_resource_stays_within_one_thing(stack: str) -> None:
    named = re.compile(
        r"arn:aws:[a-z0-9-]+:[a-z0-9-]+:\d{12}:[a-z-]+([:/][a-z-]+)?|arn:aws:s3:::[a-z-]+(/|$)"
    )
    loose = [
        (name, resource)
        for name, statement in policies(planned(stack))
        for resource in statement["Resource"]
        if resource != "*" and not named.match(resource.split("*")[0])
    ]
    assert loose == []


@each_stack
def test_only_the_workers_roles_reach_the_search_domain(stack: str) -> None:
    (policy,) = planned(stack).of(DOMAIN_POLICY)
    principals = [s["Principal"] for s in statements(policy, "accessPolicies")]
    role = "arn:aws:mock:eu-west-1:123456789012"
    assert principals == [
        {"AWS": [f"{role}:search", f"{role}:operations"]},
        {"AWS": [f"{role}:project-search"]},
        {"AWS": [f"{role}:replay"]},
    ]


@each_stack
def test_the_ledgers_writer_can_neither_update_nor_delete(stack: str) -> None:
    actions = {
        action
        for _, statement in policies(planned(stack))
        if "arn:aws:dynamodb:eu-west-1:123456789012:table/journal" in statement["Resource"]
        for action in statement["Action"]
    }
    assert actions == {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"}


@each_stack
def test_only_the_events_worker_puts_events_and_only_onto_our_bus(stack: str) -> None:
    granted = [
        (name, statement["Resource"])
        for name, statement in policies(planned(stack))
        if "events:PutEvents" in statement["Action"]
    ]
    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/events"
    assert granted == [("publish-events", [bus])]
    worker = planned(stack).one(ROLE_POLICY, "publish-events")
    assert {statement["Sid"] for statement in statements(worker)} == {
        *("ReadStream", "ReadJournal", "PutEvents"),
        *("WriteLogs", "SendToQueue", "WriteTraces"),
    }


@each_stack
def test_the_partner_is_an_example(stack: str) -> None:
    queues = {queue.name for queue in planned(stack).of(QUEUE)}
    partner = {"partner", "partner-undelivered"}
    assert partner & queues == (partner if stack == "dev" else set())


@each_plan
def test_every_worker_has_what_a_worker_needs(stack: str, preview: bool) -> None:
    plan = planned(stack, preview)
    functions = plan.of(FUNCTION)
    assert {worker_of(function) for function in functions} == set(WORKERS)
    roles = [function.inputs["role"] for function in functions]
    assert len(set(roles)) == len(roles)
    for function in functions:
        queue = plan.one(QUEUE, f"{function.name}-failures")
        assert function.inputs["deadLetterConfig"]["targetArn"].endswith(f":{queue.name}")
        assert queue.inputs["sqsManagedSseEnabled"] is True
        assert queue.inputs["messageRetentionSeconds"] == 14 * 24 * 3600
        assert function.inputs["loggingConfig"]["logGroup"] == function.name
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
        assert function.inputs["memorySize"] >= 256
        assert function.inputs["architectures"] == ["arm64"]
        assert function.inputs["runtime"] == "python3.13"
        assert function.inputs["layers"]


@each_stack
def test_every_worker_may_use_its_own_logs_queue_and_traces(stack: str) -> None:
    plan = planned(stack)
    for function in plan.of(FUNCTION):
        granted = {s["Sid"]: s for s in statements(plan.one(ROLE_POLICY, function.name))}
        assert granted["WriteLogs"]["Resource"][0].endswith(f"log-group:{function.name}:*")
        assert granted["SendToQueue"]["Resource"][0].endswith(f":{function.name}-failures")
        assert "WriteTraces" in granted


@each_plan
def test_every_log_expires(stack: str, preview: bool) -> None:
    groups = planned(stack, preview).of(LOG_GROUP)
    assert len(groups) == 15
    assert {g.inputs["retentionInDays"] for g in groups} == {7 if stack == "dev" else 365}


@each_stack
def test_a_worker_gives_up_before_its_source_does(stack: str) -> None:
    plan = planned(stack)
    sources = {source.inputs["functionName"]: source for source in plan.of(EVENT_SOURCE)}
    waiting_ms = {
        i.inputs["timeoutMilliseconds"] for i in plan.of("aws:apigatewayv2/integration:Integration")
    }
    assert waiting_ms == {API_WAITS_S * 1000}
    (machine,) = plan.of(STATE_MACHINE)
    step_s = json.loads(machine.inputs["definition"])["States"]["Plan"]["TimeoutSeconds"]
    for function in plan.of(FUNCTION):
        if worker_of(function) in ("replay", "snapshot"):
            waits_s = step_s if worker_of(function) == "replay" else LAMBDA_RUNS_S_MAX + 1
            assert function.inputs["timeout"] < waits_s
            continue
        source = sources.get(function.name)
        limit = source.inputs["maximumRecordAgeInSeconds"] if source else API_WAITS_S
        assert 0 < function.inputs["timeout"] < limit


@each_plan
def test_every_event_source_is_bounded_and_ends_in_the_failure_queue(
    stack: str, preview: bool
) -> None:
    plan = planned(stack, preview)
    (kinesis,) = plan.of("aws:kinesis/stream:Stream")
    kept_s = kinesis.inputs["retentionPeriod"] * 3600
    sources = plan.of(EVENT_SOURCE)
    assert len(sources) == 4
    for source in sources:
        inputs = source.inputs
        assert inputs["bisectBatchOnFunctionError"] is True
        assert inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
        assert 0 < inputs["maximumRetryAttempts"] <= 10_000
        assert 0 < inputs["maximumRecordAgeInSeconds"] < min(kept_s, TABLE_STREAM_KEEPS_S)
        destination = inputs["destinationConfig"]["onFailure"]["destinationArn"]
        assert destination.endswith(f":{inputs['functionName']}-failures")
        assert inputs["startingPosition"] == "TRIM_HORIZON"
        assert inputs["batchSize"] == 500


@each_stack
def test_blocks_are_published_in_order_and_ads_projected_in_parallel(stack: str) -> None:
    plan = planned(stack)
    factors = {s.name: s.inputs["parallelizationFactor"] for s in plan.of(EVENT_SOURCE)}
    assert factors == {
        "journal-stream-publisher": 1,
        "project-state": 10,
        "project-search": 10,
        "publish-events": 10,
    }


@each_plan
def test_a_record_is_handed_over_at_once(stack: str, preview: bool) -> None:
    sources = planned(stack, preview).of(EVENT_SOURCE)
    windows = {source.name: source.inputs["maximumBatchingWindowInSeconds"] for source in sources}
    # Other systems can wait, and one call then tells of several changes.
    assert windows.pop("publish-events") == 1
    assert set(windows.values()) == {0}


@each_stack
def test_every_call_reaches_its_worker(stack: str) -> None:
    plan = planned(stack)
    integrations = {
        f"integrations/{i.name}-id": i.inputs["integrationUri"].rsplit(":", 1)[1]
        for i in plan.of("aws:apigatewayv2/integration:Integration")
    }
    found = {
        (route.inputs["apiId"].removesuffix("-id"), route.inputs["routeKey"]): integrations[
            route.inputs["target"]
        ]
        for route in plan.of("aws:apigatewayv2/route:Route")
    }
    ads = "/publisher/{publisherId}/ad"
    assert found == {
        ("publisher-api", f"POST {ads}"): "commands",
        ("publisher-api", f"PATCH {ads}/{{adId}}"): "commands",
        ("publisher-api", f"DELETE {ads}/{{adId}}"): "commands",
        ("publisher-api", f"GET {ads}"): "queries",
        ("publisher-api", f"GET {ads}/{{adId}}"): "queries",
        ("publisher-api", f"GET {ads}/{{adId}}/versions/{{version}}/proof"): "queries",
        ("publisher-api", "GET /openapi.json"): "queries",
        ("client-api", "GET /"): "search",
        ("client-api", "GET /openapi.json"): "search",
        ("operations-api", "POST /replays"): "operations",
        ("operations-api", "GET /replays"): "operations",
        ("operations-api", "GET /replays/{replayId}"): "operations",
        ("operations-api", "POST /replays/{replayId}/cancel"): "operations",
        ("operations-api", "POST /replays/{replayId}/resume"): "operations",
        ("operations-api", "GET /replays/{replayId}/ads"): "operations",
        ("operations-api", "GET /replays/{replayId}/ads/{adId}"): "operations",
        ("operations-api", "POST /snapshots"): "operations",
        ("operations-api", "GET /snapshots"): "operations",
        ("operations-api", "GET /snapshots/{snapshotId}"): "operations",
        ("operations-api", "GET /lag"): "operations",
        ("operations-api", "GET /openapi.json"): "operations",
    }


@each_stack
def test_only_the_signed_operate(stack: str) -> None:
    admitted = {
        (route.inputs["apiId"].removesuffix("-id"), route.inputs["authorizationType"])
        for route in planned(stack).of("aws:apigatewayv2/route:Route")
    }
    assert admitted == {
        ("publisher-api", "NONE"),
        ("client-api", "NONE"),
        ("operations-api", "AWS_IAM"),
    }


def variables_read(worker: str) -> set[str]:
    """The contract's variables that a worker's code names."""
    paths = [ROOT / path for path in files(worker) if path.endswith(".py")]
    return CONTRACT & {
        node.value
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@each_stack
def test_workers_are_given_exactly_the_variables_that_they_read(stack: str) -> None:
    given = {
        worker_of(function): set(function.inputs["environment"]["variables"])
        for function in planned(stack).of(FUNCTION)
    }
    powertools = {
        *("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"),
        *("POWERTOOLS_LOG_LEVEL", "POWERTOOLS_TRACE_DISABLED"),
    }
    assert given == {worker: variables_read(worker) | powertools for worker in WORKERS}


@each_plan
def test_no_input_is_secret_and_no_secret_is_needed(stack: str, preview: bool) -> None:
    assert [r.urn for r in planned(stack, preview).resources.values() if r.secrets] == []


@each_stack
def test_everything_is_tagged_by_the_provider(stack: str) -> None:
    (provider,) = planned(stack).of("pulumi:providers:aws")
    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    assert tags == {"project": "adledger", "stack": stack, "managed-by": "pulumi"}
    assert provider.inputs["region"] == "eu-west-1"


def class_of(type_: str) -> Any:
    """The SDK's class of input properties for a type such as aws:dynamodb/table:Table."""
    package, path, name = type_.split(":")
    module = importlib.import_module(
        f"pulumi_{package}.{path.split('/')[0].replace('lambda', 'lambda_')}"
    )
    # Where another class has the name already, the inputs' class is called InitArgs.
    inputs = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return getattr(module, name), inputs


def is_deprecated(function: Any) -> bool:
    return hasattr(function, "_pulumi_deprecated_callable")


def deprecated_inputs(resource: Resource) -> list[str]:
    """The inputs of a resource that its SDK class marks as deprecated."""
    _, inputs = class_of(resource.type)
    properties = {
        getattr(value.fget, "_pulumi_name", name): value
        for name, value in vars(inputs).items()
        if isinstance(value, property)
    }
    return [key for key in resource.inputs if is_deprecated(properties[key].fget)]


def test_the_check_for_deprecated_inputs_knows_one() -> None:
    old = Resource(
        *("aws:cloudwatch/eventRule:EventRule", "old", "", "", ""),
        custom=True,
        inputs={"isEnabled": True, "state": "ENABLED"},
        secrets=frozenset(),
        depends_on=(),
        protect=False,
        retain=False,
    )
    assert deprecated_inputs(old) == ["isEnabled"]


@each_stack
def test_no_resource_or_input_is_deprecated(stack: str) -> None:
    plan = planned(stack)
    old = {r.type for r in own_resources(plan) if is_deprecated(class_of(r.type)[0].__init__)}
    used = {(r.name, key) for r in own_resources(plan) for key in deprecated_inputs(r)}
    assert (old, used) == (set(), set())
    for table in plan.of(TABLE):
        for index in table.inputs.get("globalSecondaryIndexes", []):
            assert not {"hashKey", "rangeKey"} & set(index)
    # Old ways that only the documentation calls deprecated.
    for role in plan.of("aws:iam/role:Role"):
        assert set(role.inputs) == {"assumeRolePolicy"}


def test_only_settings_reads_the_config() -> None:
    readers = [path.name for path in PROGRAMS if "pulumi.Config" in path.read_text()]
    assert readers == ["settings.py"]


def test_annotations_are_not_strings_where_schemas_are_inferred_from_them() -> None:
    assert [p.name for p in PROGRAMS if "from __future__ import annotations" in p.read_text()] == []


if __name__ == "__main__":
    for name in STACKS:
        (URNS / f"{name}.txt").write_text("\n".join(sorted(planned(name).resources)) + "\n")
