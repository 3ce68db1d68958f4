"""Every bit of a stored journal flipped, one at a time: each has to be found, in its block.

The journal is a SQLite file of 100 blocks of every kind. A bit is flipped by an UPDATE of its row
behind the ledger's back. Then the block that the row came with is looked at, by what `verify` and
`audit` do with each block in turn: its bytes at its place in the chain, and all that came with it.
A flip in a block or a revision is read by the ledger, too: what is damaged is not handed out.

Numbers are flipped in each bit of as many bytes as SQLite stores them in. Where a flipped number
would be another row's key, SQLite refuses it: no file that it can write has such a row. Left out
are the index entries of values that were redacted since: nobody can tell any more what they were,
and whoever finds a document by one looks at the document.
"""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runtime.ledger.audit import Audit, Comparison, audit
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError, VerificationError
from runtime.ledger.expected import Expectation, ExpectedBlock
from runtime.ledger.readback import Strand, read_back
from runtime.ledger.storage.port import IndexEntry
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.exports.exporting import busy_ledger, redact_first
from tests.runtime.ledger.ledgers import SET_N, Clock, insert, run

BLOCKS: Final = 100
KEYS: Final = {
    "block": ("sequence_no",),
    "revision": ("table_id", "document_id", "version"),
    "index_entry": ("index_id", "key", "document_id", "version"),
}
COLUMNS: Final = {
    "block": ("sequence_no", "block_hash", "peaks", "catalog_sequence_no", "ion"),
    "revision": ("table_id", "document_id", "version", "sequence_no", "deleted", "ion"),
    "index_entry": KEYS["index_entry"],
}
AUDIT_EVERY: Final = 2_000
"""Of so many flips one is looked for by a whole audit, which has to name the same block."""
REFUSED: Final = ", refused"
WIDTHS: Final = (1, 2, 3, 4, 6, 8)
"""Bytes in which SQLite stores a number."""


class Silent(AssertionError):  # noqa: N818 - It is raised as what a flip came to.
    """A flip that nobody noticed, or that was found elsewhere."""


@dataclass(frozen=True)
class Cell:
    """One value in the file."""

    table: str
    column: str
    key: tuple[Any, ...]
    value: Any
    sequence_no: int
    """The block that its row is, or came with."""

    @property
    def bits(self) -> int:
        if isinstance(self.value, int):
            return 8 * _width(self.value)
        return 8 * len(self.value.encode() if isinstance(self.value, str) else self.value)

    def flipped(self, bit: int) -> Any:
        """The value with one bit changed; text may be none afterwards."""
        if isinstance(self.value, int):
            width = _width(self.value)
            data = bytearray(self.value.to_bytes(width, "big", signed=True))
        else:
            data = bytearray(self.value.encode() if isinstance(self.value, str) else self.value)
        data[bit // 8] ^= 1 << bit % 8
        if isinstance(self.value, int):
            return int.from_bytes(data, "big", signed=True)
        return bytes(data)


class Journal:
    """A file whose bits are flipped, and what it should hold."""

    def __init__(self, path: Path) -> None:
        _fill(path)
        self.left_out = 0
        """Index entries of redacted values."""
        self.storage = SqliteStorage(path)
        self.ledger = Ledger(self.storage, name="ads-0")
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        expectation = Expectation(self.storage)
        self.check = expectation.check
        head = self.storage.head()
        assert head is not None
        self.expected = [each for _, each in expectation.blocks(head.sequence_no)]
        self.strand = Strand(expectation.verified().strand_id)

    def cells(self) -> Iterator[Cell]:
        """Every value of every row of the three tables."""
        self.left_out = 0
        for table, columns in COLUMNS.items():
            names = ", ".join((*KEYS[table], *columns))
            for row in self._connection.execute(f"SELECT {names} FROM {table}").fetchall():
                key, values = row[: len(KEYS[table])], row[len(KEYS[table]) :]
                number = self._block_of(table, key)
                if number is None:
                    self.left_out += 1
                    continue
                for column, value in zip(columns, values, strict=True):
                    yield Cell(table, column, key, value, number)

    def put(self, cell: Cell, value: Any, *, instead_of: Any = None) -> bool:
        """Write a value into a cell; False where SQLite refuses it."""
        assignment = f"{cell.column} = ?"
        if isinstance(cell.value, str) and isinstance(value, bytes):
            # Text whose bytes are none any more, which only a cast can write.
            assignment = f"{cell.column} = CAST(? AS TEXT)"
        key = list(cell.key)
        condition: list[str] = []
        for position, name in enumerate(KEYS[cell.table]):
            is_text = isinstance(key[position], str)
            if name == cell.column and instead_of is not None:
                key[position] = instead_of
            condition.append(f"{name} = CAST(? AS TEXT)" if is_text else f"{name} = ?")
        update = f"UPDATE {cell.table} SET {assignment} WHERE {' AND '.join(condition)}"
        try:
            changed = self._connection.execute(update, (value, *key)).rowcount
        except sqlite3.IntegrityError:
            return False
        assert changed == 1, (cell, value)
        return True

    def close(self) -> None:
        self._connection.close()
        self.storage.close()

    def _block_of(self, table: str, key: tuple[Any, ...]) -> int | None:
        if table == "block":
            return int(key[0])
        if table == "revision":
            query = "SELECT sequence_no FROM revision WHERE (table_id, document_id, version)"
            return int(self._connection.execute(f"{query} = (?, ?, ?)", key).fetchone()[0])
        entry = IndexEntry(*key)
        numbers = [
            each.block.sequence_no
            for each in self.expected
            for own in each.entries
            if own.entry == entry and own.is_exact
        ]
        return numbers[0] if numbers else None


def flip_bits(
    journal: Journal,
    chosen: Callable[[Cell], Iterator[int]],
    progress: Callable[[int], None] = lambda _: None,
) -> Counter[str]:
    """Flip the chosen bits of each cell; how many were found, by column. Raises Silent."""
    found: Counter[str] = Counter()
    for cell in list(journal.cells()):
        for bit in chosen(cell):
            value = cell.flipped(bit)
            if not journal.put(cell, value):
                found[f"{cell.table}.{cell.column}{REFUSED}"] += 1
                progress(1)
                continue
            try:
                _look(journal, cell, bit, whole=found.total() % AUDIT_EVERY == 0)
            finally:
                journal.put(cell, cell.value, instead_of=value)
            found[f"{cell.table}.{cell.column}"] += 1
            progress(1)
    if not audit(journal.storage).holds:
        raise Silent("the journal is not what it was")
    return found


def _look(journal: Journal, cell: Cell, bit: int, *, whole: bool) -> None:
    """Silent unless the flip is found in its block, and not read."""
    number = cell.sequence_no
    place = f"bit {bit} of {cell.table}.{cell.column}, block {number}"
    expected = journal.expected[number]
    found = _located(journal, expected)
    if found != number:
        raise Silent(f"{place} was found in block {found}")
    if _is_read(journal, cell, expected):
        raise Silent(f"{place} was read")
    if whole:
        findings = audit(journal.storage).findings
        if number not in {each.sequence_no for each in findings}:
            raise Silent(f"{place} was found by an audit as {findings}")


def _located(journal: Journal, expected: ExpectedBlock) -> int | None:
    """The block in which something is found."""
    number = expected.block.sequence_no
    stored = next(iter(journal.storage.blocks(number, number)), None)
    if stored is None:
        return number
    if stored.ion != expected.block.ion:
        try:
            journal.check(stored.ion, expected.place)
        except VerificationError as error:
            return error.sequence_no
        return None
    looked = Audit()
    Comparison(journal.storage, looked).block(stored, expected)
    return next((each.sequence_no for each in looked.findings), None)


def _is_read(journal: Journal, cell: Cell, expected: ExpectedBlock) -> bool:
    """Whether the ledger hands out what is in a damaged row as if it were sound."""
    number = expected.block.sequence_no
    try:
        if cell.table == "block" and cell.column in ("ion", "block_hash", "sequence_no"):
            journal.ledger.block(number)
            return True
        if cell.table == "revision" and cell.column != "table_id":
            table_id, document_id, version = cell.key
            kept = journal.storage.revision(table_id, document_id, version)
            if kept is not None:
                read_back(kept, journal.strand)
                return True
    except LedgerError:
        return False
    return False


def _fill(path: Path) -> None:
    storage = SqliteStorage(path)
    clock = Clock()
    ledger = busy_ledger(storage, clock, documents=4)
    ad = insert(ledger, n=1, category="x", note="secret")
    run(ledger, SET_N, 2, ad)
    redact_first(ledger, ad)
    run(ledger, "CREATE INDEX ON Ads (category)")
    while ledger.digest().sequence_no + 1 < BLOCKS:
        clock.move(1)
        number = ledger.digest().sequence_no
        if number % 4:
            ad = insert(ledger, n=number, category=f"c{number % 3}")
        else:
            run(ledger, SET_N, -number, ad)
    storage.close()


def _width(value: int) -> int:
    return next(width for width in WIDTHS if -(1 << 8 * width - 1) <= value < 1 << 8 * width - 1)


def share_of_bits(seed: int, percent: float) -> Callable[[Cell], Iterator[int]]:
    """Each bit with this chance, others with another seed."""
    chance = random.Random(seed)
    return lambda cell: (bit for bit in range(cell.bits) if chance.random() * 100 < percent)


def some_bits(seed: int, count: int) -> Callable[[Cell], Iterator[int]]:
    """A few of each cell, others with another seed."""
    chance = random.Random(seed)
    return lambda cell: iter(chance.sample(range(cell.bits), min(count, cell.bits)))
