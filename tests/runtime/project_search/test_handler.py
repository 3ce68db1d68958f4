"""The handler, configured by its environment, from a real payload to the index."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from runtime.ads.environment import SettingsError
from runtime.project_search import handler as worker
from runtime.search_index.index import AdIndex
from runtime.search_index.query import Search
from tests.journal_blocks import ad_id_of, ad_revision, revisions_event
from tests.lambda_runtime import MemoryContext
from tests.opensearch import alias, opensearch, opensearch_client

__all__ = ["alias", "opensearch", "opensearch_client"]
EVENTS = Path(__file__).parents[2] / "events"
CONTEXT: Any = MemoryContext()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, opensearch: str, alias: str) -> Iterator[None]:
    monkeypatch.setenv("SEARCH_ENDPOINT", opensearch)
    monkeypatch.setenv("SEARCH_INDEX", alias)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "project-search")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "adledger")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    worker._built.cache_clear()
    yield
    worker._built.cache_clear()


@pytest.mark.usefixtures("environment")
def test_a_real_payload_reaches_the_index(opensearch_client: OpenSearch, alias: str) -> None:
    event = json.loads((EVENTS / "kinesis_journal.json").read_text())

    assert worker.handler(event, CONTEXT) == {"batchItemFailures": []}

    found = AdIndex(opensearch_client, alias).search(Search(words="awesome"), 10)
    assert [(one.ad_id, one.version) for one in found.revisions] == [(ad_id_of(1), 1)]
    assert opensearch_client.get(index=alias, id=ad_id_of(2))["_source"]["deleted"] is True


@pytest.mark.usefixtures("environment")
def test_an_unreadable_record_is_answered() -> None:
    event = revisions_event([ad_revision()], [ad_revision(ad_id_of(2))])
    event["Records"][1]["kinesis"]["data"] = "AAAA"
    assert worker.handler(event, CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_without_settings_the_missing_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEARCH_ENDPOINT", "SEARCH_INDEX"):
        monkeypatch.delenv(name, raising=False)
    worker._built.cache_clear()
    with pytest.raises(SettingsError, match="SEARCH_ENDPOINT, SEARCH_INDEX"):
        worker.handler({"Records": []}, CONTEXT)
