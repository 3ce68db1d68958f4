"""What every journal store has to do; a store's tests subclass JournalStorageContract."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.ledger import merkle
from runtime.ledger.errors import HeadMovedError, StorageError
from runtime.ledger.identifiers import new_id
from runtime.ledger.storage.port import (
    LEAVES_MAX,
    VERSIONS_MAX,
    Commit,
    IndexEntry,
    JournalStorage,
    Leaf,
    Redaction,
    StoredBlock,
    StoredRevision,
)

TABLE = "tableAtableAtableAtabl"
INDEX = "indexAindexAindexAinde"
DOCUMENTS = ["0documentA", "Zdocument", "adocument"]
"""In the order of their bytes."""


def revision(
    document: str = DOCUMENTS[0],
    version: int = 0,
    sequence_no: int = 0,
    deleted: bool = False,
    table: str = TABLE,
) -> StoredRevision:
    content = f"{table} {document} {version}".encode()
    return StoredRevision(table, document, version, sequence_no, deleted, content)


def following(
    head: StoredBlock | None,
    revisions: tuple[StoredRevision, ...] = (),
    entries: tuple[IndexEntry, ...] = (),
    ion: bytes = b"",
    catalog: int = -1,
) -> Commit:
    """A commit of the block after `head`; its contents are random unless given."""
    number = 0 if head is None else head.sequence_no + 1
    block_hash = os.urandom(32)
    peaks = merkle.append(() if head is None else head.peaks, number, block_hash)
    block = StoredBlock(number, block_hash, peaks, catalog, ion or os.urandom(300))
    return Commit(block, revisions, entries)


def filled(storage: JournalStorage, count: int) -> list[StoredBlock]:
    """Append empty transactions; the blocks."""
    head = storage.head()
    appended: list[StoredBlock] = []
    for _ in range(count):
        commit = following(head)
        storage.append(commit)
        head = commit.block
        appended.append(head)
    return appended


def together(count: int, work: Callable[[int], None]) -> None:
    """Run work(0) .. work(count - 1) in as many threads, begun at once; raise what one raised."""
    barrier = threading.Barrier(count)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class JournalStorageContract:
    """Subclass it and define a fixture `storage`: an empty journal."""

    large_block_bytes = 1_500_000

    def test_an_empty_journal_has_no_head_and_no_blocks(self, storage: JournalStorage) -> None:
        assert storage.head() is None
        assert list(storage.blocks(0)) == []
        assert storage.current(TABLE, "unknown") is None
        assert list(storage.history(TABLE, "unknown")) == []
        assert list(storage.documents(TABLE)) == []
        assert list(storage.revisions(TABLE)) == []
        assert storage.lookup(INDEX, bytes(32)) == ()

    def test_the_head_is_the_block_appended_last_with_everything_in_it(
        self, storage: JournalStorage
    ) -> None:
        first = following(None, catalog=0, ion=b"\x00\xff first")
        storage.append(first)
        assert storage.head() == first.block
        second = following(first.block, catalog=0)
        storage.append(second)
        assert storage.head() == second.block

    def test_blocks_are_read_by_range_in_order(self, storage: JournalStorage) -> None:
        appended = filled(storage, 12)
        assert list(storage.blocks(0)) == appended
        assert list(storage.blocks(3, 10)) == appended[3:11]
        assert list(storage.blocks(11)) == appended[11:]
        assert list(storage.blocks(5, 5)) == [appended[5]]
        assert list(storage.blocks(12)) == []
        assert list(storage.blocks(10, 99)) == appended[10:]

    def test_leaves_are_the_hashes_and_peaks_of_blocks(self, storage: JournalStorage) -> None:
        appended = filled(storage, 9)
        large = following(appended[-1], ion=os.urandom(self.large_block_bytes))
        storage.append(large)
        appended += [large.block, *filled(storage, 2)]
        asked = [11, 3, 4, 0, 9, 10, 400]
        assert storage.leaves(asked) == {
            number: Leaf(appended[number].block_hash, appended[number].peaks)
            for number in asked[:-1]
        }
        assert storage.leaves([]) == {}
        every = storage.leaves(range(LEAVES_MAX))
        assert sorted(every) == list(range(12))

    def test_a_redaction_comes_with_its_block(self, storage: JournalStorage) -> None:
        first = following(
            None, (revision(version=0), revision(DOCUMENTS[1])), ion=os.urandom(800_000)
        )
        storage.append(first)
        for number in (1, 2):
            storage.append(following(storage.head(), (revision(version=number),)))
        for size in (500_000, 800_100):
            before = next(storage.blocks(0, 0))
            stored = storage.revision(TABLE, DOCUMENTS[0], 0)
            assert stored is not None
            redaction = Redaction(before, os.urandom(size), stored, os.urandom(50))
            commit = following(storage.head())
            storage.append(replace(commit, redactions=(redaction,)))
            assert storage.head() == commit.block
            assert next(storage.blocks(0)) == replace(before, ion=redaction.block_ion)
            redacted = replace(stored, ion=redaction.revision_ion)
            assert storage.revision(TABLE, DOCUMENTS[0], 0) == redacted
            assert next(storage.history(TABLE, DOCUMENTS[0])) == redacted
            assert storage.current(TABLE, DOCUMENTS[1]) == revision(DOCUMENTS[1])

    def test_what_was_rewritten_meanwhile_is_not_redacted(self, storage: JournalStorage) -> None:
        storage.append(following(None, (revision(version=0),)))
        head = storage.head()
        before, stored = head, storage.revision(TABLE, DOCUMENTS[0], 0)
        assert before is not None
        assert stored is not None
        other = replace(before, ion=b"other")
        for redaction in (
            Redaction(other, b"new", stored, b"new"),
            Redaction(before, b"new", replace(stored, ion=b"other"), b"new"),
        ):
            with pytest.raises(HeadMovedError):
                storage.append(replace(following(head), redactions=(redaction,)))
            assert storage.head() == head
            assert storage.revision(TABLE, DOCUMENTS[0], 0) == stored

    def test_a_block_is_appended_once(self, storage: JournalStorage) -> None:
        [head] = filled(storage, 1)
        winner = following(head, (revision(),))
        storage.append(winner)
        late = following(head, (revision(DOCUMENTS[1]),))
        with pytest.raises(HeadMovedError):
            storage.append(late)
        assert list(storage.blocks(0)) == [head, winner.block]
        assert storage.current(TABLE, DOCUMENTS[1]) is None

    def test_a_failed_append_leaves_nothing(self, storage: JournalStorage) -> None:
        first = following(None, (revision(),))
        storage.append(first)
        entry = IndexEntry(INDEX, bytes(32), DOCUMENTS[1], 0)
        twice = following(first.block, (revision(DOCUMENTS[1]), revision()), (entry,))
        with pytest.raises(StorageError) as refused:
            storage.append(twice)
        assert not isinstance(refused.value, HeadMovedError)
        assert storage.head() == first.block
        assert storage.current(TABLE, DOCUMENTS[1]) is None
        assert list(storage.documents(TABLE)) == [revision()]
        assert storage.lookup(INDEX, bytes(32)) == ()
        after = following(first.block, (revision(DOCUMENTS[1]),))
        storage.append(after)
        assert storage.head() == after.block

    def test_the_current_revision_is_the_newest_even_when_it_deletes(
        self, storage: JournalStorage
    ) -> None:
        head = None
        for version in range(12):
            added = revision(version=version, sequence_no=version, deleted=version == 11)
            commit = following(head, (added,))
            storage.append(commit)
            head = commit.block
            assert storage.current(TABLE, DOCUMENTS[0]) == added
        assert [r.version for r in storage.history(TABLE, DOCUMENTS[0])] == list(range(12))
        assert [r.deleted for r in storage.history(TABLE, DOCUMENTS[0])] == [False] * 11 + [True]
        for first in (1, 7, 11, 12, 99):
            rest = [r.version for r in storage.history(TABLE, DOCUMENTS[0], first)]
            assert rest == list(range(first, 12))

    def test_one_version_of_a_document_is_read_by_its_number(self, storage: JournalStorage) -> None:
        head, versions = None, []
        for version in range(12):
            added = revision(version=version, sequence_no=version, deleted=version == 11)
            commit = following(head, (added, revision(DOCUMENTS[1], version, version)))
            storage.append(commit)
            head = commit.block
            versions.append(added)
        assert [storage.revision(TABLE, DOCUMENTS[0], v) for v in range(12)] == versions
        assert storage.revision(TABLE, DOCUMENTS[0], 12) is None
        assert storage.revision(TABLE, DOCUMENTS[0][:-1], 0) is None
        assert storage.revision("tableBtableBtableBtabl", DOCUMENTS[0], 0) is None

    def test_versions_of_documents_are_found_in_their_blocks(self, storage: JournalStorage) -> None:
        head = None
        for number in range(12):
            other = revision(DOCUMENTS[1], 2 * number, number)
            deleted = revision(version=number, sequence_no=number, deleted=number == 11)
            commit = following(head, (deleted, other))
            storage.append(commit)
            head = commit.block
        asked = [(DOCUMENTS[0], n) for n in (12, 3, 11)] + [(DOCUMENTS[1], n) for n in (3, 4)]
        assert storage.places(TABLE, [*asked, (DOCUMENTS[2], 0)]) == {
            (DOCUMENTS[0], 3): 3,
            (DOCUMENTS[0], 11): 11,
            (DOCUMENTS[1], 4): 2,
        }
        many = [(DOCUMENTS[0], version) for version in range(VERSIONS_MAX)]
        assert storage.places(TABLE, many) == {(DOCUMENTS[0], n): n for n in range(12)}
        assert storage.places("tableBtableBtableBtabl", many) == {}
        assert storage.places(TABLE, []) == {}

    def test_a_table_lists_each_document_once_and_nothing_of_other_tables(
        self, storage: JournalStorage
    ) -> None:
        other = "tableBtableBtableBtabl"
        first = following(None, (*map(revision, reversed(DOCUMENTS)), revision(table=other)))
        storage.append(first)
        changed = revision(DOCUMENTS[1], 1, 1, deleted=True)
        storage.append(following(first.block, (changed,)))
        assert list(storage.documents(TABLE)) == [
            revision(DOCUMENTS[0]),
            changed,
            revision(DOCUMENTS[2]),
        ]
        assert list(storage.revisions(TABLE)) == [
            revision(DOCUMENTS[0]),
            revision(DOCUMENTS[1]),
            changed,
            revision(DOCUMENTS[2]),
        ]
        assert list(storage.documents(other)) == [revision(table=other)]

    def test_an_index_gives_the_entries_of_one_key(self, storage: JournalStorage) -> None:
        key, other_key = os.urandom(32), os.urandom(32)
        wanted = (
            IndexEntry(INDEX, key, DOCUMENTS[0], 0),
            IndexEntry(INDEX, key, DOCUMENTS[1], 2),
            IndexEntry(INDEX, key, DOCUMENTS[1], 10),
        )
        others = (
            IndexEntry(INDEX, other_key, DOCUMENTS[0], 1),
            IndexEntry("indexBindexBindexBinde", key, DOCUMENTS[0], 0),
        )
        storage.append(following(None, (), (*reversed(wanted), *others)))
        assert storage.lookup(INDEX, key) == wanted
        assert storage.lookup(INDEX, other_key) == others[:1]

    def test_a_large_block_comes_back_whole(self, storage: JournalStorage) -> None:
        filled(storage, 1)
        large = following(storage.head(), ion=os.urandom(self.large_block_bytes))
        storage.append(large)
        assert storage.head() == large.block
        [small] = filled(storage, 1)
        assert list(storage.blocks(1)) == [large.block, small]
        assert list(storage.blocks(1, 1)) == [large.block]

    def test_of_many_writers_of_one_block_exactly_one_wins(self, storage: JournalStorage) -> None:
        [head] = filled(storage, 1)
        won: list[StoredBlock] = []

        def contend(number: int) -> None:
            commit = following(head, (revision(f"document{number}"),))
            try:
                storage.append(commit)
                won.append(commit.block)
            except HeadMovedError:
                pass

        together(8, contend)
        assert len(won) == 1
        assert list(storage.blocks(0)) == [head, won[0]]
        assert len(list(storage.documents(TABLE))) == 1

    def test_writers_that_read_the_head_again_all_get_through(
        self, storage: JournalStorage
    ) -> None:
        def write(number: int) -> None:
            for version in range(3):
                while True:
                    commit = following(storage.head(), (revision(f"document{number}", version),))
                    try:
                        storage.append(commit)
                        break
                    except HeadMovedError:
                        continue

        together(4, write)
        found = list(storage.blocks(0))
        assert [block.sequence_no for block in found] == list(range(12))
        assert merkle.fold(found[-1].peaks) == merkle.root([b.block_hash for b in found])
        assert len(list(storage.revisions(TABLE))) == 12

    def test_generated_identifiers_serve_as_keys(self, storage: JournalStorage) -> None:
        table, document = new_id(), new_id()
        added = revision(document, table=table)
        storage.append(following(None, (added,)))
        assert storage.current(table, document) == added
        assert storage.current(table, document[:-1]) is None
