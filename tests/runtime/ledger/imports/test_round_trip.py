"""A ledger imported from its own export is the ledger again, bit for bit, and goes on."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.emulator.servers import CloudServer
from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.imports.errors import ImportRefusedError, OtherLedgerError
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import Commit
from runtime.ledger.verify import verify_blocks
from tests.emulator import client
from tests.fakes import MemoryStorage
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.exports.exporting import OBJECT_BYTES, busy_ledger, export, user_tables
from tests.runtime.ledger.imports.importing import contents, import_all, reader
from tests.runtime.ledger.ledgers import (
    BY_CATEGORY,
    INSERT,
    STORAGES,
    Clock,
    insert,
    run,
    storage_of,
    value,
)

FORMATS = ("ION_TEXT", "ION_BINARY")
HISTORY = "SELECT * FROM history(Ads) AS h"
QUERIES = (
    "SELECT * FROM Ads",
    "SELECT * FROM _ql_committed_Ads",
    "SELECT * FROM Offers",
    "SELECT VALUE a.category FROM Ads AS a WHERE a.n = 100",
    "SELECT VALUE a.n FROM Ads AS a WHERE a.category IN ('c1', 'c2')",
    HISTORY,
    "SELECT * FROM information_schema.user_tables",
)


def rows(ledger: Ledger, query: str) -> list[str]:
    return sorted(ion.text(row) for row in run(ledger, query))


@pytest.fixture
def source() -> MemoryStorage:
    storage = MemoryStorage()
    busy_ledger(storage)
    return storage


@pytest.fixture
def dynamodb(cloud: CloudServer) -> Iterator[DynamoDbStorage]:
    dynamodb = client(cloud, "dynamodb")
    name = "journal-" + uuid.uuid4().hex
    dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield DynamoDbStorage(dynamodb, name, "ads-0")
    dynamodb.close()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", STORAGES)
def test_the_imported_journal_is_the_original(
    kind: str, form: str, source: MemoryStorage, tmp_path: Path
) -> None:
    folder = FolderDestination(tmp_path / "exports")
    export(source, folder, output_format=form)
    with storage_of(kind, tmp_path) as copy:
        imported = import_all(folder, copy)
        assert imported.blocks_added == len(list(source.blocks(0)))
        assert contents(copy) == contents(source)
        for (index_id, key), entries in source._entries.items():
            assert copy.lookup(index_id, key) == tuple(
                sorted(entries, key=lambda entry: (entry.document_id, entry.version))
            )
        found = verify_blocks(block.ion for block in copy.blocks(0))
        assert found.digest == imported.digest == Ledger(source, name="a").digest().value


def test_buckets_and_dynamodb_do_as_well(
    source: MemoryStorage, dynamodb: DynamoDbStorage, cloud: CloudServer
) -> None:
    s3 = client(cloud, "s3")
    bucket = f"exports-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    destination = S3Destination(s3, bucket)
    export(source, destination)
    import_all(destination, dynamodb)
    assert contents(dynamodb) == contents(source)
    ledger = Ledger(dynamodb, name="ads-0")
    for query in QUERIES:
        assert rows(ledger, query) == rows(Ledger(source, name="ads-0"), query)
    again = MemoryDestination()
    export(dynamodb, again)
    assert again.objects == {key: destination.get(key) for key in destination.keys("")}
    s3.close()


@pytest.mark.parametrize("kind", STORAGES)
def test_the_imported_ledger_answers_and_goes_on(
    kind: str, source: MemoryStorage, tmp_path: Path
) -> None:
    original, destination = Ledger(source, name="ads-0"), MemoryDestination()
    export(source, destination)
    with storage_of(kind, tmp_path) as storage:
        imported = import_all(destination, storage)
        clock = Clock()
        clock.move(24 * 3600)
        copy = Ledger(storage, name="elsewhere", now=clock)
        for query in QUERIES:
            assert rows(copy, query) == rows(original, query)
        before = original.digest()
        assert copy.digest() == before
        history = rows(copy, HISTORY)

        # It goes on: documents, definitions and the chain.
        ad = insert(copy, category="c1", n=1000)
        assert run(copy, BY_CATEGORY, "c1")
        index_id = user_tables(copy)["Ads"]["indexes"][0]["indexId"]
        run(copy, f'DROP INDEX "{index_id}" ON Ads WITH (purge = true)')
        run(copy, "CREATE INDEX ON Ads (n)")
        assert run(copy, "SELECT VALUE a.n FROM Ads AS a WHERE a.n = 1000") == [1000]
        run(copy, "CREATE TABLE More")
        run(copy, "DROP TABLE Offers")
        assert set(history) < set(rows(copy, HISTORY))
        assert ad in str(rows(copy, HISTORY))
        blocks = [block.ion for block in storage.blocks(0)]
        old = blocks[: imported.sequence_no + 1]
        assert verify_blocks(old, before.value).blocks == before.sequence_no + 1
        assert verify_blocks(blocks, copy.digest().value).strand_id == before.strand_id


def test_an_imported_ledger_that_went_on_is_exported_and_imported_again(
    source: MemoryStorage,
) -> None:
    first, second = MemoryDestination(), MemoryDestination()
    copy, third = MemoryStorage(), MemoryStorage()
    export(source, first)
    import_all(first, copy)
    clock = Clock()
    clock.move(24 * 3600)
    ledger = Ledger(copy, name="ads-0", now=clock)
    run(ledger, "CREATE INDEX ON Ads (category)")
    insert(ledger, category="c1", n=1000)
    export(copy, second)
    import_all(second, third)
    assert contents(third) == contents(copy)
    assert run(Ledger(third, name="a"), BY_CATEGORY, "c1") == run(ledger, BY_CATEGORY, "c1")


def test_exports_of_adjoining_times_are_imported_one_after_the_other() -> None:
    clock, source, copy = Clock(), MemoryStorage(), MemoryStorage()
    ledger = busy_ledger(source, clock)
    middle = clock.moment
    first, second = MemoryDestination(), MemoryDestination()
    export(source, first, exclusive_end=middle)
    clock.move(1)
    insert(ledger, category="c1", n=1000)
    run(ledger, "CREATE INDEX ON Ads (category)")
    insert(ledger, category="c1", n=1001)
    export(source, second, inclusive_start=middle)
    with pytest.raises(ImportRefusedError, match="begins with block"):
        import_all(second, copy)
    import_all(first, copy)
    import_all(second, copy)
    assert contents(copy) == contents(source)
    third = MemoryStorage()
    third.append(Commit(next(source.blocks(0))))
    with pytest.raises(ImportRefusedError, match="import what is between"):
        import_all(second, third)
    assert sorted(run(Ledger(copy, name="a"), BY_CATEGORY, "c1")) == sorted(
        run(ledger, BY_CATEGORY, "c1")
    )


class KilledError(Exception):
    """The process died."""


class MortalStorage(MemoryStorage):
    """Dies at its n-th append, before or after it took effect."""

    def __init__(self, deaths: set[tuple[int, str]]) -> None:
        super().__init__()
        self.deaths = deaths
        self.appends = 0

    def append(self, commit: Commit) -> None:
        number = self.appends
        self.appends += 1
        if (number, "before") in self.deaths:
            raise KilledError
        super().append(commit)
        if (number, "after") in self.deaths:
            raise KilledError


@given(deaths=st.sets(st.tuples(st.integers(0, 40), st.sampled_from(["before", "after"]))))
@settings(deadline=None, max_examples=25)
def test_an_import_killed_at_any_append_ends_the_same(deaths: set[tuple[int, str]]) -> None:
    storage, destination = MortalStorage(deaths), MemoryDestination()
    source = MemoryStorage()
    busy_ledger(source)
    export(source, destination)
    for _ in range(len(deaths) + 1):
        try:
            import_all(destination, storage)
            break
        except KilledError:
            continue
    assert contents(storage) == contents(source)
    entries = {name: sorted(found, key=str) for name, found in storage._entries.items()}
    for name, found in source._entries.items():
        assert set(found) <= set(entries[name])


def test_importing_again_adds_nothing(source: MemoryStorage) -> None:
    destination, copy = MemoryDestination(), MemoryStorage()
    export(source, destination)
    first = import_all(destination, copy)
    again = import_all(destination, copy)
    assert (again.blocks_added, again.digest) == (0, first.digest)
    clock = Clock()
    clock.move(24 * 3600)
    run(Ledger(copy, name="a", now=clock), INSERT, {"n": 1})
    assert import_all(destination, copy).sequence_no == first.sequence_no + 1


def test_another_ledger_is_left_alone(source: MemoryStorage) -> None:
    destination = MemoryDestination()
    export(source, destination)
    for blocks in (1, 3, 60):
        other = MemoryStorage()
        ledger = Ledger(other, name="other")
        run(ledger, "CREATE TABLE Ads")
        for n in range(blocks - 1):
            insert(ledger, n=n)
        before = contents(other)
        with pytest.raises(OtherLedgerError, match=f"holds {blocks} blocks"):
            import_all(destination, other)
        assert contents(other) == before


def test_a_digest_that_was_kept_is_compared(source: MemoryStorage) -> None:
    destination = MemoryDestination()
    export(source, destination)
    digest = Ledger(source, name="a").digest().value
    assert import_all(destination, MemoryStorage(), digest=digest).digest == digest
    with pytest.raises(ImportRefusedError, match="do not use"):
        import_all(destination, MemoryStorage(), digest=bytes(32))


def test_an_export_of_nothing_is_refused(source: MemoryStorage) -> None:
    destination = MemoryDestination()
    export(source, destination, exclusive_end=Clock().moment)
    with pytest.raises(ImportRefusedError, match="no block"):
        import_all(destination, MemoryStorage())


def test_progress_is_told(source: MemoryStorage) -> None:
    destination = MemoryDestination()
    export(source, destination)
    told: list[tuple[int, int]] = []
    import_all(destination, MemoryStorage(), report=lambda *progress: told.append(progress))
    last = len(list(source.blocks(0))) - 1
    assert told == [(number, last) for number in range(last + 1)]


ION = st.recursive(
    st.sampled_from(
        [
            "null",
            "null.decimal",
            "1.50",
            "-0.",
            "1d-40",
            "2e0",
            "nan",
            "-inf",
            "2030T",
            "2030-01-02T03:04:05.678+01:00",
            "2030-01-02T03:04:05.123456-00:00",
            "sym",
            "'a b'",
            "'null'",
            "''",
            '"tab\\t\\u2028\\0é"',
            "'''long'''",
            '{{"clob\\xff"}}',
            "{{AAEC}}",
            "true",
            "-123456789012345678901234567890",
            "a::'b c'::1",
            "(s + exp)",
            '"$1234567"',
        ]
    )
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])).map(
        lambda text: ion.text(value(text))
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda members: f"[{','.join(members)}]")
        | st.lists(inner, max_size=3).map(
            lambda members: f"{{{','.join(f'f{n}:{m}' for n, m in enumerate(members))}}}"
        )
        | inner.map(lambda member: f"x::{member}")
    ),
    max_leaves=12,
)


@given(documents=st.lists(ION, min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_every_ion_value_comes_through_both_formats(documents: list[str]) -> None:
    source = MemoryStorage()
    ledger = Ledger(source, name="a", now=Clock())
    run(ledger, "CREATE TABLE Ads")
    for document in documents:
        transaction = ledger.begin()
        transaction.execute(INSERT, [ion.parse(f"{{v:{document}}}")])
        transaction.commit()
    for form in FORMATS:
        destination, copy = MemoryDestination(), MemoryStorage()
        export(source, destination, output_format=form, bytes_max=OBJECT_BYTES)
        assert all(block.exact for block in reader(destination).blocks())
        import_all(destination, copy)
        assert contents(copy) == contents(source)
