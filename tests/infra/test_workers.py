"""The stack's workers: the layer they share, and the two kinds there are."""

from pathlib import Path
from typing import Any

import pulumi

from infra import grants
from infra.arguments import limits, search
from infra.event_bus import EventBus, EventBusArgs
from infra.packages import ROOT
from infra.settings import read
from infra.workers import Workers
from local.plan import Plan
from tests.infra.plans import (
    ACCOUNT,
    EVENT_SOURCE,
    FUNCTION,
    ROLE_POLICY,
    component,
    statements,
)

LAYER = "aws:lambda/layerVersion:LayerVersion"
STAND_IN = "/stand-in/layer.zip"


def planned(make: Any, **config: str) -> Plan:
    config = {"layerArchive": STAND_IN, **config}
    return component(lambda: make(Workers(read(), pulumi.ResourceOptions())), **config)


def answering(workers: Workers) -> None:
    workers.answering("search", grants.send_to_queue("arn:q"), environment={"SEARCH_INDEX": "ads"})


def projecting(workers: Workers) -> None:
    workers.projecting(
        "project_state",
        "arn:stream",
        grants.write_state("arn:table"),
        environment={"STATE_TABLE": "state"},
    )


def test_the_layer_is_built_for_the_workers_platform() -> None:
    (layer,) = planned(lambda _: None, layerArchive="").of(LAYER)
    archive = layer.inputs["code"]
    assert isinstance(archive, pulumi.FileArchive)
    assert Path(archive.path).is_file()
    assert Path(archive.path).parent == ROOT / "build" / "layer"
    assert layer.inputs["compatibleArchitectures"] == ["arm64"]
    assert layer.inputs["compatibleRuntimes"] == ["python3.13"]


def test_a_layer_made_earlier_may_be_used() -> None:
    (layer,) = planned(lambda _: None).of(LAYER)
    assert layer.inputs["code"].path == STAND_IN
    assert layer.inputs["layerName"] == "adledger-dev-dependencies"


def test_one_that_answers_has_little_time_and_no_source() -> None:
    plan = planned(answering, apiTimeoutS="7", streamTimeoutS="77", lambdaMemoryMb="2048")
    function = plan.one(FUNCTION, "search").inputs
    assert (function["timeout"], function["memorySize"]) == (7, 2048)
    assert function["handler"] == "runtime.search.handler.handler"
    assert function["environment"]["variables"]["SEARCH_INDEX"] == "ads"
    assert plan.of(EVENT_SOURCE) == []
    granted = {s["Sid"] for s in statements(plan.one(ROLE_POLICY, "search"))}
    assert granted == {"SendToQueue", "WriteLogs", "WriteTraces"}


def test_one_that_projects_is_fed_by_the_settings_and_may_read_its_stream() -> None:
    plan = planned(projecting, streamTimeoutS="77", projectionParallelism="4", batchWindowS="1")
    assert plan.one(FUNCTION, "project-state").inputs["timeout"] == 77
    (source,) = plan.of(EVENT_SOURCE)
    assert source.inputs["eventSourceArn"] == "arn:stream"
    assert source.inputs["parallelizationFactor"] == 4
    assert source.inputs["maximumBatchingWindowInSeconds"] == 1
    granted = {s["Sid"]: s["Resource"] for s in statements(plan.one(ROLE_POLICY, "project-state"))}
    assert granted["ReadStream"] == ["arn:stream"]
    assert granted["WriteState"] == ["arn:table"]


def test_one_that_tells_waits_for_more_to_tell_and_may_put_events_onto_its_bus() -> None:
    def telling(workers: Workers) -> None:
        args: EventBusArgs = {"archive_days": 1, "schemas": False, "consumer_accounts": []}
        bus = EventBus("changes", args)
        journal = grants.read_journal("arn:table")
        workers.telling("publish_events", "arn:stream", bus, journal, environment={"A": "b"})

    plan = planned(telling, batchWindowS="7", eventWindowS="5")
    (source,) = plan.of(EVENT_SOURCE)
    assert source.inputs["maximumBatchingWindowInSeconds"] == 5
    assert source.inputs["batchSize"] == 500
    variables = plan.one(FUNCTION, "publish-events").inputs["environment"]["variables"]
    assert (variables["A"], variables["EVENT_BUS"]) == ("b", "changes")
    granted = {s["Sid"]: s["Resource"] for s in statements(plan.one(ROLE_POLICY, "publish-events"))}
    assert granted["PutEvents"] == [f"arn:aws:events:{ACCOUNT}:event-bus/changes"]
    assert granted["ReadStream"] == ["arn:stream"]
    assert granted["ReadJournal"] == ["arn:table"]


def test_the_settings_reach_the_apis_and_the_search_domain() -> None:
    found: list[Any] = []
    component(
        lambda: found.extend([limits(read()), search(read())]),
        apiRequestsPerS="5",
        corsOrigins='["https://a.example"]',
        searchInstances="2",
    )
    assert found[0] == {
        "requests_per_s_max": 5,
        "burst_max": 1000,
        "log_retention_days": 7,
        "cors_origins": ["https://a.example"],
    }
    assert (found[1]["instance_count"], found[1]["scheme"]) == (2, "https")
