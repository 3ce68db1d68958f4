"""Batches to events: previous versions from the batch or the ledger, and where a batch goes on."""

from base64 import b64encode
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from runtime.ads.revision import AdRevision
from runtime.journal.errors import BatchError
from runtime.ledger.errors import UnavailableError
from runtime.publish_events.bus import EventBus
from runtime.publish_events.history import History
from runtime.publish_events.publisher import EventPublisher, Result
from tests.journal_blocks import (
    ad_id_of,
    ad_revision,
    aggregated,
    kinesis_event,
    revision_record,
    revisions_event,
)
from tests.memory_bus import Fails, MemoryBus, never
from tests.runtime.ledger.storages import CountingStorage
from tests.runtime.publish_events.ledgers import ledger_of

A, B = ad_id_of(1), ad_id_of(2)
DAMAGED = b"\xf3\x89\x9a\xc2 no aggregate at all"


def published(
    event: dict[str, Any],
    ledger: Sequence[AdRevision] = (),
    fails: Fails = never,
    storage: CountingStorage | None = None,
) -> tuple[Result, MemoryBus]:
    client = MemoryBus(fails)
    waits: list[float] = []
    history = History([ledger_of(*ledger, storage=storage)])
    publisher = EventPublisher(history, EventBus(client, "events", sleep=waits.append))
    return publisher.publish(event["Records"]), client


def kinds(client: MemoryBus) -> list[str]:
    return [entry["DetailType"] for entry in client.taken]


def test_a_life_in_one_batch_needs_no_read() -> None:
    storage = CountingStorage()
    life = [ad_revision(), ad_revision(version=1, adTitle="new"), ad_revision(A, 2, deleted=True)]
    result, client = published(revisions_event(life), storage=storage)
    assert kinds(client) == ["AdCreated", "AdUpdated", "AdDeleted"]
    assert [detail["version"] for detail in client.details] == [0, 1, 2]
    assert client.details[1]["changes"] == {"adTitle": {"old": "awesome title", "new": "new"}}
    assert client.details[2]["ad"]["adTitle"] == "new"
    assert result.failures.response() == {"batchItemFailures": []}
    assert "revision" not in storage.taken()


def test_the_version_before_is_read_from_the_ledger_by_its_number() -> None:
    storage = CountingStorage()
    history = [ad_revision(version=version, price=Decimal(version)) for version in range(5)]
    event = revisions_event([history[4]])
    published(event, history, storage=storage)
    storage.taken()
    result, client = published(event, storage=storage)
    assert client.details[0]["changes"] == {"price": {"old": "3", "new": "4"}}
    taken = storage.taken()
    assert taken["revision"] == 1
    assert {"history", "blocks", "current"} & set(taken) == set()
    assert result.failures.response() == {"batchItemFailures": []}


def test_the_tables_catalog_is_read_once() -> None:
    storage = CountingStorage()
    history = History([ledger_of(ad_revision(), storage=storage)])
    history.read([(A, 0)])
    storage.taken()
    history.read([(A, 0), (A, 0), (A, 0)])
    assert storage.taken() == {"revision": 1}


def test_a_version_that_comes_twice_is_told_once_a_batch() -> None:
    first, second = ad_revision(), ad_revision(version=1)
    _, client = published(revisions_event([first, second], [first, second], [first]))
    assert client.ids() == [f"{A}-0", f"{A}-1"]


def test_a_creation_needs_no_version_before() -> None:
    storage = CountingStorage()
    published(revisions_event([ad_revision(A)], [ad_revision(B)]), storage=storage)
    assert "revision" not in storage.taken()


def test_the_batch_goes_on_at_the_first_event_that_was_not_taken() -> None:
    event = revisions_event(
        [ad_revision(A)],
        [ad_revision(B)],
        [ad_revision(A, 1)],
        [ad_revision(B, 1)],
    )
    refused = f"{A}-1"
    result, client = published(event, fails=lambda _, e: "X" if refused in e["Detail"] else None)
    assert result.failures.response() == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert set(client.ids()) >= {f"{A}-0", f"{B}-0"}
    assert f"{A}-1" not in client.ids()
    assert "record 2: X: because" in result.failures.reasons()
    assert [entry.ad_id for entry in result.sent][:2] == [A, B]


def test_a_ledger_that_does_not_answer_leaves_the_ad_for_later() -> None:
    class Silent(CountingStorage):
        def revision(self, table_id: str, document_id: str, version: int) -> Any:
            raise UnavailableError("throttled")

    event = revisions_event([ad_revision(B)], [ad_revision(A, 3)], [ad_revision(A, 4)])
    result, client = published(event, [ad_revision()], storage=Silent())
    assert client.ids() == [f"{B}-0"]
    assert result.failures.response() == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert "cannot read version 2" in result.failures.reasons()[0]


def test_a_ledger_without_the_version_before_is_not_this_streams() -> None:
    event = revisions_event([ad_revision(B)], [ad_revision(A, 3)])
    result, client = published(event, [ad_revision()])
    assert client.ids() == [f"{B}-0"]
    assert result.failures.response() == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert "has no version 2" in result.failures.reasons()[0]
    with pytest.raises(BatchError):
        published(revisions_event([ad_revision(A, 3)], [ad_revision(B)]))[0].failures.response()


def test_a_record_that_cannot_be_read_stops_the_batch_in_front_of_it() -> None:
    event = kinesis_event(
        aggregated([revision_record(ad_revision(A))]),
        DAMAGED,
        aggregated([revision_record(ad_revision(B))]),
    )
    result, client = published(event)
    assert client.ids() == [f"{A}-0"]
    assert result.failures.response() == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_of_a_record_alone_what_can_be_read_is_told() -> None:
    spoilt = revision_record(ad_revision(B))[:-5]
    event = kinesis_event(aggregated([revision_record(ad_revision(A)), spoilt]))
    result, client = published(event)
    assert client.ids() == [f"{A}-0"]
    assert result.failures.response() == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_records_of_other_things_are_no_events() -> None:
    result, client = published({"Records": []})
    assert (list(result.sent), client.calls) == ([], [])
    assert result.failures.response() == {"batchItemFailures": []}


def test_what_was_not_written_as_an_ad_has_no_old_values() -> None:
    storage = CountingStorage()
    ledger_of(ad_revision(), storage=storage, spoil=lambda data: {"price": data["price"]})
    _, client = published(revisions_event([ad_revision(A, 1)]), storage=storage)
    assert client.details[0]["changes"]["price"] == {"old": None, "new": "10.50"}


def test_binary_rubbish_is_no_data() -> None:
    event = kinesis_event(b"")
    event["Records"][0]["kinesis"]["data"] = b64encode(b"x").decode() + "!"
    result, client = published(event)
    assert client.calls == []
    assert result.failures.response() == {"batchItemFailures": [{"itemIdentifier": "0"}]}
