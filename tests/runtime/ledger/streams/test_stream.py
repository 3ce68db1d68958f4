"""Streams carry every block of their time, in order, at least once, through any failure."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.journal.aggregation import deaggregate
from runtime.journal.errors import BlockError, RecordTooLargeError
from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import UnavailableError
from runtime.ledger.storage.port import Commit, StoredBlock
from runtime.ledger.streams.delivery import PERMISSION_REVOKED, STREAM_NOT_FOUND
from runtime.ledger.streams.stream import BATCH_BLOCKS_MAX, Stream, StreamRequest
from tests.fakes import MemoryStorage
from tests.memory_kinesis import FailingKinesis, MemoryKinesis
from tests.runtime.ledger.exports.exporting import END, START, busy_ledger
from tests.runtime.ledger.ledgers import Clock, insert, run
from tests.runtime.ledger.storages import FailingStorage

STREAM_ID = "7ISCkqwe4y25YyHLzYUFAf"
ARN = f"arn:aws:qldb:eu-west-1:000000000000:stream/ads-0/{STREAM_ID}"
KINESIS = "arn:aws:kinesis:eu-west-1:000000000000:stream/journal"
LATER = END + timedelta(days=1)


def asked(**changes: Any) -> StreamRequest:
    fields: dict[str, Any] = {
        "stream_arn": ARN,
        "inclusive_start": START,
        "exclusive_end": END,
        "kinesis_stream_arn": KINESIS,
        **changes,
    }
    return StreamRequest(**fields)


def ignore(_cause: str | None) -> None: ...


def at_once(_seconds: float) -> bool:
    return False


@pytest.fixture(scope="module")
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    busy_ledger(storage)
    return storage


def streamed(storage: Any, kinesis: Any, **changes: Any) -> list[int]:
    """Stream to the end; the saved positions."""
    saved: list[int] = []
    job = Stream(
        storage, asked(**changes), kinesis, wait=at_once, impaired=ignore, now=lambda: LATER
    )
    assert job.run(None, saved.append)
    return saved


def records(kinesis: MemoryKinesis) -> list[Any]:
    """The stream's records in the order in which Kinesis took them."""
    return [ion.decode(one) for _, data in kinesis.taken for one in deaggregate(data)]


def told(record: Any) -> tuple[Any, ...]:
    """What a record is, as far as its order goes."""
    payload = record["payload"]
    if record["recordType"] == "CONTROL":
        return (str(payload["controlRecordType"]),)
    if record["recordType"] == "BLOCK_SUMMARY":
        return ("BLOCK", int(payload["blockAddress"]["sequenceNo"]))
    metadata = payload["revision"]["metadata"]
    return ("REVISION", str(metadata["id"]), int(metadata["version"]))


def expected(storage: MemoryStorage, first: int = 0, last: int | None = None) -> list[Any]:
    """What the records of these blocks are."""
    found: list[Any] = []
    for stored in storage.blocks(first, last):
        block = ion.decode(stored.ion)
        found.append(("BLOCK", stored.sequence_no))
        for revision in block["revisions"]:
            document = block["transactionInfo"]["documents"][revision["metadata"]["id"]]
            if not document["tableName"].startswith("information_schema"):
                metadata = revision["metadata"]
                found.append(("REVISION", str(metadata["id"]), int(metadata["version"])))
    return found


@pytest.mark.parametrize("aggregated", [True, False])
def test_a_stream_is_the_journal_in_its_order(storage: MemoryStorage, aggregated: bool) -> None:
    kinesis = MemoryKinesis()
    saved = streamed(storage, kinesis, aggregated=aggregated)
    found = records(kinesis)
    assert [told(record) for record in found] == [
        ("CREATED",),
        *expected(storage),
        ("COMPLETED",),
    ]
    assert {record["qldbStreamArn"] for record in found} == {ARN}
    assert saved[0] == 0
    assert saved[-1] == len(list(storage.blocks(0)))
    if aggregated:
        assert {lane for lane, _ in kinesis.taken} == {STREAM_ID}
        assert len(kinesis.taken) == 3
    else:
        assert len(kinesis.taken) == len(found)
        strand = str(found[1]["payload"]["blockAddress"]["strandId"])
        keys = {
            "CONTROL": lambda record: STREAM_ID,
            "BLOCK_SUMMARY": lambda record: strand,
            "REVISION_DETAILS": lambda record: record["payload"]["revision"]["metadata"]["id"],
        }
        for (lane, _), record in zip(kinesis.taken, found, strict=True):
            assert lane == keys[record["recordType"]](record)


def test_system_revisions_are_hashes_and_user_revisions_are_whole(storage: MemoryStorage) -> None:
    kinesis = MemoryKinesis()
    streamed(storage, kinesis)
    summaries = [r["payload"] for r in records(kinesis) if r["recordType"] == "BLOCK_SUMMARY"]
    details = [r["payload"] for r in records(kinesis) if r["recordType"] == "REVISION_DETAILS"]
    by_hash = {bytes(detail["revision"]["hash"]): detail["revision"] for detail in details}
    for stored, summary in zip(storage.blocks(0), summaries, strict=True):
        block = ion.decode(stored.ion)
        hashes = [revision["hash"] for revision in summary["revisionSummaries"]]
        assert hashes == [revision["hash"] for revision in block["revisions"]]
        for each, revision in zip(summary["revisionSummaries"], block["revisions"], strict=True):
            assert ("documentId" in each) == (bytes(each["hash"]) in by_hash)
            if "documentId" in each:
                assert ion.encode(by_hash[bytes(each["hash"])]) == ion.encode(revision)


@given(data=st.data())
@settings(deadline=None)
def test_blocks_are_chosen_by_their_timestamps(storage: MemoryStorage, data: st.DataObject) -> None:
    stored = [ion.decode(block.ion)["blockTimestamp"] for block in storage.blocks(0)]
    near = st.sampled_from(stored).flatmap(
        lambda time: st.sampled_from([-1, 0, 1]).map(lambda ms: time + timedelta(milliseconds=ms))
    )
    start, end = sorted([data.draw(near), data.draw(near)])
    kinesis = MemoryKinesis()
    streamed(storage, kinesis, inclusive_start=start, exclusive_end=end)
    numbers = [told(r)[1] for r in records(kinesis) if r["recordType"] == "BLOCK_SUMMARY"]
    assert numbers == [n for n, time in enumerate(stored) if start <= time < end]


class KilledError(Exception):
    """The process died."""


@pytest.mark.parametrize("aggregated", [True, False])
@given(deaths=st.sets(st.integers(0, 40), max_size=5), batch=st.integers(1, 7))
@settings(deadline=None, max_examples=40)
def test_a_stream_killed_at_any_call_has_everything_in_order(
    storage: MemoryStorage, aggregated: bool, deaths: set[int], batch: int
) -> None:
    calls = [0]

    class Mortal(MemoryKinesis):
        def put_records(self, **arguments: Any) -> Mapping[str, Any]:
            answer = super().put_records(**arguments)
            calls[0] += 1
            if calls[0] - 1 in deaths:
                raise KilledError
            return answer

    kinesis = Mortal()
    saved: list[int] = []
    for _ in range(len(deaths) + 1):
        job = Stream(
            storage,
            asked(aggregated=aggregated),
            kinesis,
            wait=at_once,
            impaired=ignore,
            now=lambda: LATER,
            batch_blocks_max=batch,
        )
        try:
            assert job.run(saved[-1] if saved else None, saved.append)
            break
        except KilledError:
            continue
    found = [told(record) for record in records(kinesis)]
    assert found[0] == ("CREATED",)
    assert found[-1] == ("COMPLETED",)
    assert list(dict.fromkeys(found)) == [("CREATED",), *expected(storage), ("COMPLETED",)]
    assert saved == sorted(saved)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutRecords")


class RefusingKinesis(MemoryKinesis):
    """Raises what it is given, call by call, then works."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__()
        self.errors = errors

    def put_records(self, **arguments: Any) -> Mapping[str, Any]:
        if self.errors:
            raise self.errors.pop(0)
        return super().put_records(**arguments)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (refused("ResourceNotFoundException"), STREAM_NOT_FOUND),
        (refused("AccessDeniedException"), PERMISSION_REVOKED),
        (refused("KMSAccessDeniedException"), PERMISSION_REVOKED),
        (refused("ProvisionedThroughputExceededException"), None),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), None),
    ],
)
def test_a_stream_says_why_it_cannot_go_on_and_goes_on_when_it_can(
    storage: MemoryStorage, error: Exception, cause: str | None
) -> None:
    kinesis = RefusingKinesis([error] * 20)
    causes: list[str | None] = []
    job = Stream(storage, asked(), kinesis, wait=at_once, impaired=causes.append, now=lambda: LATER)
    assert job.run(None, lambda position: None)
    assert causes == ([cause, None] if cause else [None])
    assert [told(r) for r in records(kinesis)] == [
        ("CREATED",),
        *expected(storage),
        ("COMPLETED",),
    ]


def test_records_that_fail_alone_are_sent_again_in_order(storage: MemoryStorage) -> None:
    def fails(call: int, lane: str) -> str | None:
        return "InternalFailure" if call % 3 == 1 else None

    for aggregated in (True, False):
        kinesis = MemoryKinesis(fails)
        streamed(storage, kinesis, aggregated=aggregated)
        found = [told(record) for record in records(kinesis)]
        blocks = [each for each in found if each[0] == "BLOCK"]
        assert blocks == [each for each in expected(storage) if each[0] == "BLOCK"]
        for document in {each[1] for each in found if each[0] == "REVISION"}:
            versions = [each[2] for each in found if each[:2] == ("REVISION", document)]
            assert versions == list(range(len(versions)))
        if aggregated:
            assert found == [("CREATED",), *expected(storage), ("COMPLETED",)]


def test_a_whole_call_that_fails_is_made_again(storage: MemoryStorage) -> None:
    behind = MemoryKinesis()
    streamed(storage, FailingKinesis(15, behind))
    assert [told(r) for r in records(behind)][1:-1] == expected(storage)


def stopping_after(waits: int) -> Callable[[float], bool]:
    left = [waits]

    def wait(_seconds: float) -> bool:
        left[0] -= 1
        return left[0] < 0

    return wait


@pytest.mark.parametrize("waits", [0, 1, 2, 3, 5, 8])
def test_a_stream_that_is_told_to_stop_ends_without_saying_completed(
    storage: MemoryStorage, waits: int
) -> None:
    kinesis = MemoryKinesis()
    job = Stream(
        storage,
        asked(exclusive_end=None),
        kinesis,
        wait=stopping_after(waits),
        impaired=ignore,
        now=lambda: LATER,
    )
    saved: list[int] = []
    assert not job.run(None, saved.append)
    assert ("COMPLETED",) not in [told(record) for record in records(kinesis)]
    position = saved[-1] if saved else None
    go_on = Stream(storage, asked(), kinesis, wait=at_once, impaired=ignore, now=lambda: LATER)
    assert go_on.run(position, saved.append)
    found = [told(record) for record in records(kinesis)]
    assert found == [("CREATED",), *expected(storage), ("COMPLETED",)]


def test_a_stream_stops_while_kinesis_refuses(storage: MemoryStorage) -> None:
    kinesis = RefusingKinesis([refused("ResourceNotFoundException")] * 10_000)
    causes: list[str | None] = []
    job = Stream(storage, asked(), kinesis, wait=stopping_after(30), impaired=causes.append)
    assert not job.run(None, lambda position: None)
    assert causes == [STREAM_NOT_FOUND]
    assert not kinesis.taken


def test_new_blocks_are_sent_as_they_come() -> None:
    storage, kinesis, stop = MemoryStorage(), MemoryKinesis(), threading.Event()
    clock = Clock()
    ledger = Ledger(storage, name="ads-0", now=clock)
    job = Stream(storage, asked(exclusive_end=None), kinesis, wait=stop.wait, impaired=ignore)
    saved: list[int] = []
    thread = threading.Thread(target=job.run, args=(None, saved.append))
    thread.start()
    try:
        run(ledger, "CREATE TABLE Ads")
        for n in range(5):
            insert(ledger, n=n)
        while not saved or saved[-1] < 6:
            assert not stop.wait(0.01)
            assert thread.is_alive()
    finally:
        stop.set()
        thread.join()
    assert [told(record) for record in records(kinesis)] == [("CREATED",), *expected(storage)]


def test_the_end_is_waited_for_even_when_no_block_comes() -> None:
    storage, kinesis, clock = MemoryStorage(), MemoryKinesis(), Clock()
    ledger = busy_ledger(storage, clock)
    end = clock.moment + timedelta(seconds=10)
    times = [clock.moment]
    before = len(list(storage.blocks(0)))

    def wait(seconds: float) -> bool:
        if seconds:
            times[0] += timedelta(seconds=1)
            if times[0] == end + timedelta(seconds=1):
                insert(ledger, n="sealed just before the end")
        return False

    job = Stream(
        storage,
        asked(exclusive_end=end),
        kinesis,
        wait=wait,
        impaired=ignore,
        now=lambda: times[0],
    )
    assert job.run(None, lambda position: None)
    found = [told(record) for record in records(kinesis)]
    assert found == [("CREATED",), *expected(storage), ("COMPLETED",)]
    assert ("BLOCK", before) in found
    assert times[0] >= end + timedelta(seconds=2)


def test_long_journals_are_sent_in_bounded_batches() -> None:
    storage, kinesis = MemoryStorage(), MemoryKinesis()
    ledger = Ledger(storage, name="ads-0", now=Clock())
    run(ledger, "CREATE TABLE Ads")
    for n in range(BATCH_BLOCKS_MAX + 10):
        insert(ledger, n=n)
    saved = streamed(storage, kinesis)
    assert saved == [0, BATCH_BLOCKS_MAX, BATCH_BLOCKS_MAX + 11]


def test_a_journal_that_does_not_answer_is_asked_again(storage: MemoryStorage) -> None:
    silent = FailingStorage()
    for stored in storage.blocks(0):
        silent.append(Commit(stored))
    silent.plan = {"blocks": ["before", "", "before", "before", ""]}
    kinesis = MemoryKinesis()
    streamed(silent, kinesis)
    assert [told(r) for r in records(kinesis)][1:-1] == expected(storage)
    silent.plan = {"blocks": ["before"] * 100}
    with pytest.raises(UnavailableError):
        streamed(silent, kinesis)


def test_what_can_never_be_sent_ends_the_stream() -> None:
    storage = MemoryStorage()
    ledger = Ledger(storage, name="ads-0", now=Clock())
    run(ledger, "CREATE TABLE Ads")
    insert(ledger, n="before it")
    transaction = ledger.begin()
    for _ in range(40):
        transaction.execute(f"INSERT INTO Ads VALUE {{'a': '{'x' * 30_000}'}}", [])
    transaction.commit()
    insert(ledger, n="after it")
    for aggregated in (True, False):
        kinesis = MemoryKinesis()
        with pytest.raises(RecordTooLargeError, match="exceeds what a Kinesis record holds"):
            streamed(storage, kinesis, aggregated=aggregated)
        found = [told(record) for record in records(kinesis)]
        assert found == [("CREATED",), *expected(storage, 0, 1)]


def test_a_damaged_block_ends_the_stream(storage: MemoryStorage) -> None:
    class Damaged:
        """Gives a block whose revisions are none."""

        def blocks(self, first: int, last: int | None = None) -> Any:
            for stored in storage.blocks(first, last):
                block = ion.decode(stored.ion)
                block["revisions"] = 5
                yield StoredBlock(stored.sequence_no, b"", (), -1, ion.encode(block))

    kinesis = MemoryKinesis()
    with pytest.raises(BlockError, match="verify the ledger"):
        streamed(Damaged(), kinesis)
    assert [told(record) for record in records(kinesis)] == [("CREATED",)]


def test_blocks_from_before_the_start_are_left_out_even_when_they_come_late() -> None:
    storage, kinesis, clock = MemoryStorage(), MemoryKinesis(), Clock()
    ledger = busy_ledger(storage, clock)
    start = clock.moment + timedelta(seconds=1)
    last = len(list(storage.blocks(0)))

    def wait(seconds: float) -> bool:
        if seconds and len(list(storage.blocks(0))) == last:
            insert(ledger, n="sealed before the start")
            clock.move(5)
            insert(ledger, n="after it")
        return False

    moments: list[datetime] = [clock.moment]

    def now() -> datetime:
        moments[0] += timedelta(seconds=1)
        return moments[0]

    job = Stream(
        storage,
        asked(inclusive_start=start, exclusive_end=start + timedelta(seconds=60)),
        kinesis,
        wait=wait,
        impaired=ignore,
        now=now,
    )
    assert job.run(None, lambda position: None)
    blocks = [told(r) for r in records(kinesis) if r["recordType"] == "BLOCK_SUMMARY"]
    assert blocks == [("BLOCK", last + 1)]
