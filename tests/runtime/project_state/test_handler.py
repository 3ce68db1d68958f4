"""The handler, configured by its environment, from a real payload to the table."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.emulator.servers import CloudServer
from runtime.ads.environment import SettingsError
from runtime.project_state import handler as worker
from runtime.state.table import StateTable
from tests.journal_blocks import ad_id_of, ad_revision, revisions_event
from tests.lambda_runtime import MemoryContext
from tests.state_table import dynamodb, state_table_name

__all__ = ["dynamodb", "state_table_name"]
EVENTS = Path(__file__).parents[2] / "events"
CONTEXT: Any = MemoryContext()


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, cloud: CloudServer, state_table_name: str
) -> Iterator[None]:
    monkeypatch.setenv("STATE_TABLE", state_table_name)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "project-state")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "adledger")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    worker._built.cache_clear()
    yield
    worker._built.cache_clear()


def emitted(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.usefixtures("environment")
def test_a_real_payload_reaches_the_table(dynamodb: Any, state_table_name: str) -> None:
    event = json.loads((EVENTS / "kinesis_journal.json").read_text())

    assert worker.handler(event, CONTEXT) == {"batchItemFailures": []}

    table = StateTable(dynamodb, state_table_name)
    (ad,) = table.list("publisher-1", 10).revisions
    assert ad.version == 1
    assert ad.fields is not None
    assert ad.fields["price"] == Decimal("150.00")
    assert ad.fields["currency"] == "€"
    deleted = table.get(ad_id_of(2))
    assert deleted is not None
    assert deleted.deleted


@pytest.mark.usefixtures("environment")
def test_the_lag_and_the_counts_are_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    worker.handler(revisions_event([ad_revision(), ad_revision(version=1)]), CONTEXT)

    (metrics,) = [line for line in emitted(capsys.readouterr().out) if "_aws" in line]

    (directive,) = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "adledger"
    assert {"Name": "ProjectionLag", "Unit": "Milliseconds"} in directive["Metrics"]
    assert metrics["ProjectionLag"][0] > 0
    assert metrics["RevisionsProjected"] == [2]
    assert metrics["RecordsFailed"] == [0]


@pytest.mark.usefixtures("environment")
def test_a_failure_is_logged_with_its_reason_and_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    event = revisions_event([ad_revision()], [ad_revision(ad_id_of(2))])
    event["Records"][1]["kinesis"]["data"] = "AAAA"

    assert worker.handler(event, CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "1"}]}

    (logged,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert logged.getMessage() == "record failed"
    assert "record 1: it cannot be read" in vars(logged)["reason"]


def test_without_settings_the_missing_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_TABLE", raising=False)
    worker._built.cache_clear()
    with pytest.raises(SettingsError, match="STATE_TABLE"):
        worker.handler({"Records": []}, CONTEXT)
