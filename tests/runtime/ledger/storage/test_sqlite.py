"""The SQLite store keeps the contract, shares flushes, survives a crash, says what is wrong."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.ledger.errors import (
    CorruptJournalError,
    HeadMovedError,
    StorageError,
    UnavailableError,
)
from runtime.ledger.storage import sqlite_file
from runtime.ledger.storage.group_commit import GROUP_COMMITS_MAX
from runtime.ledger.storage.port import Commit, IndexEntry
from runtime.ledger.storage.sqlite import PAGE_ROWS_MAX, SqliteStorage
from runtime.ledger.storage.sqlite_rows import ROWS_MAX
from tests.contracts.journal_storage import (
    TABLE,
    JournalStorageContract,
    filled,
    following,
    revision,
    together,
)

ACKNOWLEDGED_MIN = 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ads-0.journal"


@pytest.fixture
def storage(path: Path) -> Iterator[SqliteStorage]:
    storage = SqliteStorage(path)
    yield storage
    storage.close()


class TestSqliteStorage(JournalStorageContract):
    """The contract, on a file."""


class TestEarlierFile(JournalStorageContract):
    """The contract, on a file whose rows are kept in order of their ids, as once they were."""

    @pytest.fixture
    def storage(self, path: Path) -> Iterator[SqliteStorage]:
        SqliteStorage(path).close()
        connection = sqlite3.connect(path)
        for table in ("revision", "index_entry"):
            query = "SELECT sql FROM sqlite_schema WHERE name = ?"
            [(schema,)] = connection.execute(query, (table,)).fetchall()
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"{schema}, WITHOUT ROWID")
        connection.close()
        storage = SqliteStorage(path)
        yield storage
        storage.close()


class CountingFile(sqlite_file.SqliteFile):
    """Counts write transactions and lets none begin before it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.transactions = 0
        self.open = threading.Event()

    def transaction(self):
        self.open.wait()
        self.transactions += 1
        return super().transaction()


def chain(storage: SqliteStorage, count: int) -> list[Commit]:
    """Commits each of which is built on the one before, none appended."""
    commits = [following(storage.head())]
    while len(commits) < count:
        commits.append(following(commits[-1].block, (revision(f"d{len(commits)}"),)))
    return commits


def test_appends_that_wait_share_a_flush(storage: SqliteStorage, path: Path) -> None:
    commits = chain(storage, 32)
    counting = CountingFile(path)
    storage._file.close()
    storage._file = counting
    release = threading.Timer(0.2, counting.open.set)
    release.start()
    together(32, lambda i: storage.append(commits[i]))
    release.join()
    assert [b.sequence_no for b in storage.blocks(0)] == list(range(32))
    assert counting.transactions <= 4


def test_a_block_waits_for_its_predecessor_on_its_way(storage: SqliteStorage) -> None:
    first, second = chain(storage, 2)
    appended: list[int] = []

    def append(commit: Commit) -> None:
        storage.append(commit)
        appended.append(commit.block.sequence_no)

    early = threading.Thread(target=append, args=(second,))
    early.start()
    append(first)
    early.join()
    assert sorted(appended) == [0, 1]


def test_a_block_without_predecessor_is_refused_in_the_end(storage: SqliteStorage) -> None:
    _, second = chain(storage, 2)
    with pytest.raises(HeadMovedError, match="the next block is 0"):
        storage.append(second)
    assert storage.head() is None


def test_a_block_upon_another_than_the_head_is_refused(storage: SqliteStorage) -> None:
    lost = following(None)
    upon_lost = following(lost.block)
    filled(storage, 1)
    with pytest.raises(HeadMovedError):
        storage.append(upon_lost)
    assert storage.head().sequence_no == 0


def test_in_a_group_only_the_refused_append_and_those_upon_it_fail(
    storage: SqliteStorage,
) -> None:
    storage.append(following(None, (revision(),)))
    good = following(storage.head())
    bad = following(good.block, (revision(),))
    upon_bad = following(bad.block)
    commits = [good, bad, upon_bad]
    outcomes: dict[int, BaseException | None] = {}

    def append(number: int) -> None:
        try:
            storage.append(commits[number])
            outcomes[number] = None
        except StorageError as error:
            outcomes[number] = error

    together(3, append)
    assert outcomes[0] is None
    assert type(outcomes[1]) is StorageError
    assert isinstance(outcomes[2], HeadMovedError)
    assert storage.head() == good.block


def test_more_appends_than_a_group_holds(storage: SqliteStorage) -> None:
    commits = chain(storage, GROUP_COMMITS_MAX + 20)
    together(len(commits), lambda i: storage.append(commits[i]))
    assert storage.head() == commits[-1].block


def test_reads_longer_than_a_page(storage: SqliteStorage) -> None:
    count = PAGE_ROWS_MAX + 3
    added = tuple(revision(f"d{i:04d}") for i in range(count))
    storage.append(following(None, added))
    head = storage.head()
    for version in range(1, count):
        commit = following(head, (revision("d0000", version, version),))
        storage.append(commit)
        head = commit.block
    assert [b.sequence_no for b in storage.blocks(0)] == list(range(count))
    assert [r.version for r in storage.history(TABLE, "d0000")] == list(range(count))
    assert [r.document_id for r in storage.documents(TABLE)] == [r.document_id for r in added]
    found = [(r.document_id, r.version) for r in storage.revisions(TABLE)]
    assert found == sorted(found)
    assert len(found) == 2 * count - 1


def test_two_instances_see_each_other_at_once(storage: SqliteStorage, path: Path) -> None:
    other = SqliteStorage(path)
    [first] = filled(storage, 1)
    assert other.head() == first
    [second] = filled(other, 1)
    assert storage.head() == second
    other.close()


def test_another_instance_is_noticed_by_who_knows_its_own_newest_block(
    storage: SqliteStorage, path: Path
) -> None:
    [first] = filled(storage, 1)
    other = SqliteStorage(path)
    [theirs] = filled(other, 1)
    with pytest.raises(HeadMovedError, match="block 1 is not built upon the head"):
        storage.append(following(first))
    mine = following(theirs)
    storage.append(mine)
    assert list(other.blocks(0)) == [first, theirs, mine.block]
    other.append(following(mine.block))
    newest = other.head()
    storage.append(following(newest))
    other.close()


def test_a_commit_of_more_rows_than_a_statement_takes(storage: SqliteStorage) -> None:
    several = tuple(revision(f"d{n:02}") for n in range(2 * ROWS_MAX + 1))
    entries = tuple(IndexEntry("i", b"k", each.document_id, 0) for each in several)
    storage.append(following(None, several, entries))
    assert tuple(storage.documents(TABLE)) == several
    assert storage.lookup("i", b"k") == entries


def test_processes_contend_for_blocks_and_lose_none(storage: SqliteStorage, path: Path) -> None:
    program = (
        "import sys\n"
        "from runtime.ledger.errors import HeadMovedError\n"
        "from runtime.ledger.storage.sqlite import SqliteStorage\n"
        "from tests.contracts.journal_storage import following, revision\n"
        "storage = SqliteStorage(sys.argv[1])\n"
        "done = 0\n"
        "while done < 10:\n"
        "    added = revision(sys.argv[2], done)\n"
        "    try:\n"
        "        storage.append(following(storage.head(), (added,)))\n"
        "        done += 1\n"
        "    except HeadMovedError:\n"
        "        pass\n"
        "storage.close()\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(path), f"d{i}"]) for i in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert [b.sequence_no for b in storage.blocks(0)] == list(range(30))
    for i in range(3):
        assert [r.version for r in storage.history(TABLE, f"d{i}")] == list(range(10))


def test_what_was_acknowledged_survives_a_killed_process(path: Path) -> None:
    program = (
        "import sys\n"
        "from runtime.ledger.storage.sqlite import SqliteStorage\n"
        "from tests.contracts.journal_storage import following, revision\n"
        "storage = SqliteStorage(sys.argv[1])\n"
        "head = None\n"
        "while True:\n"
        "    number = 0 if head is None else head.sequence_no + 1\n"
        "    commit = following(head, (revision(version=number),))\n"
        "    storage.append(commit)\n"
        "    head = commit.block\n"
        "    print(number, head.block_hash.hex(), flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        acknowledged = [writer.stdout.readline().split() for _ in range(ACKNOWLEDGED_MIN)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [line.split() for line in writer.stdout if line.endswith("\n")]
    storage = SqliteStorage(path)
    found = list(storage.blocks(0))
    hashes = {str(block.sequence_no): block.block_hash.hex() for block in found}
    assert all(hashes[number] == block_hash for number, block_hash in acknowledged)
    assert len(acknowledged) <= len(found) <= len(acknowledged) + 1
    assert len(list(storage.revisions(TABLE))) == len(found)
    storage.close()


def test_the_journal_is_flushed_on_every_commit(storage: SqliteStorage) -> None:
    writer = storage._file._writer
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_busy_file_is_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch, storage: SqliteStorage
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", 0.05)
    waiting = SqliteStorage(path)
    with storage._file.transaction(), pytest.raises(UnavailableError, match="cannot write journal"):
        waiting.append(following(None))
    filled(waiting, 1)
    waiting.close()


def test_a_file_that_is_no_database_is_corrupt(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(CorruptJournalError, match="cannot open journal"):
        SqliteStorage(path)


def test_a_damaged_page_is_reported_when_it_is_read(path: Path) -> None:
    storage = SqliteStorage(path)
    filled(storage, 50)
    storage.close()
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(CorruptJournalError, match=r"is damaged .* restore it from a backup"):
        SqliteStorage(path)
    damaged = SqliteStorage(path, open_file=partial(sqlite_file.SqliteFile, checks=False))
    with pytest.raises(CorruptJournalError, match="cannot read journal"):
        list(damaged.blocks(0))
    damaged.close()


@pytest.mark.parametrize(("column", "number"), [("peaks", 4), ("peaks", 3), ("block_hash", 4)])
def test_nothing_is_built_upon_a_damaged_head(path: Path, column: str, number: int) -> None:
    storage = SqliteStorage(path)
    filled(storage, 5)
    head = storage.head()
    with storage._file.transaction() as execute:
        damaged = f"UPDATE block SET {column} = zeroblob(length({column})) WHERE sequence_no = ?"
        execute(damaged, (number,))
    storage.close()
    again = SqliteStorage(path)
    with pytest.raises(CorruptJournalError, match="kept with the head, block 4, are damaged"):
        again.append(following(head))
    assert len(list(again.blocks(0))) == 5
    again.close()


def test_damaged_peaks_stop_the_journal(storage: SqliteStorage) -> None:
    filled(storage, 3)
    with storage._file.transaction() as execute:
        execute("UPDATE block SET peaks = x'00' WHERE sequence_no = 2")
    with pytest.raises(CorruptJournalError, match="peaks"):
        storage.append(following(filled_head(storage)))


def filled_head(storage: SqliteStorage):
    """A head with the right number of peaks for block 3."""
    head = storage.head()
    return type(head)(2, head.block_hash, (bytes(32), bytes(32)), -1, head.ion)


def test_another_format_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="format 99"):
        SqliteStorage(path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        SqliteStorage(tmp_path / "nowhere" / "journal")


def test_a_closed_journal_says_so(path: Path) -> None:
    storage = SqliteStorage(path)
    filled(storage, 1)
    storage.close()
    with pytest.raises(StorageError, match="closed"):
        storage.head()
    with pytest.raises(StorageError, match="closed"):
        storage.append(following(None))
