"""Where blocks are read from, by each process for itself: a ledger's file, an export's folder."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, Protocol

from runtime.ledger import ion
from runtime.ledger.blobs import blob
from runtime.ledger.errors import (
    CorruptJournalError,
    IonError,
    StorageError,
    VerificationError,
)
from runtime.ledger.exports.errors import ExportError, UnreadableExportError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader, ReadBlock
from runtime.ledger.ion_form import check_form
from runtime.ledger.sqlite_pages import PRIMARY_CODE, damaged_pages
from runtime.ledger.verify import shown, strict
from runtime.ledger.verify.chain import check_imported, check_stored
from runtime.ledger.verify.place import CheckedBlock, Place, missing
from runtime.ledger.verify.shown import Sealer

PAGE_BLOCKS: Final = 128
BLOCK_BYTES_MIN: Final = 256
"""Less than any block has: its hashes alone are more."""
_UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError)
"""The second is raised where damage is in what SQLite says of it."""
_NOT_EXACT: Final = (
    "up to this block, has not the bytes that this ledger wrote, though the hashes hold; if another"
    " program wrote the export anew, verify it as rewritten"
)


class Source(Protocol):
    """A journal's blocks; it goes to other processes, so it holds nothing open."""

    def span(self) -> tuple[int, int]:
        """The first block's number and the one after the last's."""
        ...

    def blocks(self, first: int, end: int) -> Iterator[Any]:
        """Blocks first..end - 1 in order; StorageError when they cannot be read."""
        ...

    def claimed_previous(self, block: Any) -> bytes:
        """What a block says is the hash of the one before; empty when it cannot be read."""
        ...

    def check(self, block: Any, place: Place) -> CheckedBlock:
        """The block, if it stands here and is whole; else VerificationError."""
        ...


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """The SQLite file of a ledger, which is only read."""

    path: Path
    reference: bool = False
    """Whether all hashes are made by ionhash, several times slower."""
    sealer: Sealer = Sealer.LEDGER
    """QLDB, where it sealed the journal's first blocks; this ledger's own are told apart."""

    def span(self) -> tuple[int, int]:
        """All blocks from 0 to the newest, missing ones counted.

        A damaged number can be huge: not more are counted than the file has room for, and one.
        """
        with self._reading() as connection:
            [(last,)] = connection.execute("SELECT MAX(sequence_no) FROM block")
            [(pages,)] = connection.execute("PRAGMA page_count")
            [(page_bytes,)] = connection.execute("PRAGMA page_size")
        room = pages * page_bytes // BLOCK_BYTES_MIN
        return 0, 0 if last is None else min(max(0, last), room) + 1

    def blocks(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes of blocks; VerificationError at one that is missing, or has none."""
        expected = first
        with self._reading() as connection:
            for start in range(first, end, PAGE_BLOCKS):
                page_end = min(start + PAGE_BLOCKS, end)
                for number, data in self._rows(connection, start, page_end):
                    if number != expected:
                        raise missing(expected)
                    if not isinstance(data, bytes):
                        reason = f"its row has {type(data).__name__} in the place of its bytes"
                        raise VerificationError(reason, number)
                    yield data
                    expected += 1
                if expected != page_end:
                    raise missing(expected)

    def check_pages(self) -> None:
        """CorruptJournalError where SQLite finds its pages damaged: readers may miss rows then."""
        with self._reading() as connection:
            found = damaged_pages(connection)
        if found:
            raise CorruptJournalError(
                f"the blocks are in order, but {self.path} is damaged ({'; '.join(found)}), so that"
                " readers may miss some; `python -m runtime.ledger.audit` tells which"
            )

    def _rows(
        self, connection: sqlite3.Connection, first: int, end: int
    ) -> Iterator[tuple[int, object]]:
        """Numbers and bytes of blocks first..end - 1; one by one where not all can be read."""
        query = (
            "SELECT sequence_no, ion FROM block WHERE sequence_no BETWEEN ? AND ?"
            " ORDER BY sequence_no"
        )
        try:
            yield from connection.execute(query, (first, end - 1)).fetchall()
            return
        except _UNREADABLE as error:
            if not _is_damage(error):
                raise
        for number in range(first, end):
            try:
                yield from connection.execute(query, (number, number)).fetchall()
            except _UNREADABLE as error:
                reason = f"its row cannot be read from {self.path}: {error}"
                raise VerificationError(reason, number) from error

    def claimed_previous(self, block: bytes) -> bytes:
        """From the block's own bytes."""
        try:
            check_form(block)
            return blob(ion.decode(block)["previousBlockHash"])
        except (IonError, KeyError, TypeError, ValueError):
            return b""

    def check(self, block: bytes, place: Place) -> CheckedBlock:
        """By all that this ledger seals, bytes included, unless QLDB sealed it."""
        if self.reference:
            return strict.check(block, place)
        return (check_imported if self.sealer is Sealer.QLDB else check_stored)(block, place)

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                yield connection
        except _UNREADABLE as error:
            raise StorageError(f"cannot read the ledger {self.path}: {error}") from error


def _is_damage(error: Exception) -> bool:
    """Whether SQLite found the file's pages damaged, and was not merely kept from reading them."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & PRIMARY_CODE in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_TOOBIG)


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """A finished export in a folder, in Ion text or binary."""

    folder: Path
    manifest: str
    """The key of the final manifest."""
    sealer: Sealer = Sealer.LEDGER
    rewritten: bool = False
    """Whether another program may have written this ledger's blocks anew."""

    def span(self) -> tuple[int, int]:
        """What the manifest names; CorruptJournalError where it is damaged."""
        with _export_faults():
            objects = self._reader().objects
        return (objects[0][1].first, objects[-1][1].last + 1) if objects else (0, 0)

    def blocks(self, first: int, end: int) -> Iterator[ReadBlock]:
        """Blocks as Ion structs; VerificationError at the first that cannot be read."""
        with _export_faults():
            found = self._reader().blocks(first)
            yield from takewhile(lambda block: block.sequence_no < end, found)

    def claimed_previous(self, block: ReadBlock) -> bytes:
        """From the struct."""
        try:
            return blob(block.struct["previousBlockHash"])
        except (KeyError, TypeError, ValueError):
            return b""

    def check(self, block: ReadBlock, place: Place) -> CheckedBlock:
        """By all that the hashes of whoever sealed it cover, and by its bytes if we wrote them."""
        found = shown.check(block.struct, place, self.sealer)
        if found.is_ours and not block.exact and not self.rewritten:
            raise VerificationError(f"object {block.key}, {_NOT_EXACT}", place.sequence_no)
        return found

    def _reader(self) -> ExportReader:
        return ExportReader(FolderDestination(self.folder), self.manifest)


@contextmanager
def _export_faults() -> Generator[None]:
    """Damage is told from what hinders reading, and by the block it is in."""
    try:
        yield
    except UnreadableExportError as error:
        if error.sequence_no is None:
            raise CorruptJournalError(str(error)) from error
        raise VerificationError(str(error), error.sequence_no) from error
    except ExportError as error:
        raise StorageError(str(error)) from error
