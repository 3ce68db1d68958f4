"""Bits of a ledger's file flipped anywhere, in pages that only SQLite looks into, too.

A flipped bit hides rows or changes them, or nothing comes of it. So the ledger is opened and asked
for everything, by scans, by histories and by an index: it answers as before, or says that it is
damaged; it never answers otherwise.
"""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.ledgers import BY_CATEGORY, SET_N, insert, run, with_ads
from tests.soak.flips import Silent

DOCUMENTS: Final = 60
CATEGORIES: Final = 20
REFUSED, HARMLESS = "refused", "harmless"
_QUERIES: Final = ("SELECT * FROM Ads", "SELECT * FROM history(Ads)")


class LedgerFile:
    """A file whose bits are flipped, and what the ledger in it answers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        storage = SqliteStorage(path)
        ledger = with_ads(storage)
        for number in range(DOCUMENTS):
            document_id = insert(ledger, n=number, category=f"c{number % CATEGORIES}")
            if number % 3 == 0:
                run(ledger, SET_N, number + 100, document_id)
        storage.close()
        self.data = path.read_bytes()
        self.answers = self._asked()

    def is_refused(self, at: int, bit: int) -> bool:
        """Whether the ledger says that it is damaged once a bit is flipped; Silent is raised."""
        flipped = bytearray(self.data)
        flipped[at] ^= 1 << bit
        self._path.write_bytes(flipped)
        try:
            answers = self._asked()
        except LedgerError:
            return True
        if answers != self.answers:
            raise Silent(f"bit {bit} of byte {at} changed what was read, and nobody noticed")
        return False

    def _asked(self) -> list[Any]:
        storage = SqliteStorage(self._path)
        try:
            ledger = Ledger(storage, name="ads-0")
            digest = ledger.digest()
            found: list[Any] = [digest, ledger.block(digest.sequence_no)]
            found += [sorted(map(repr, run(ledger, query))) for query in _QUERIES]
            found += [
                sorted(map(repr, run(ledger, BY_CATEGORY, f"c{number}")))
                for number in range(CATEGORIES)
            ]
            return found
        finally:
            storage.close()


def flip_file(
    file: LedgerFile, count: int, seed: int, progress: Callable[[int], None] = lambda _: None
) -> Counter[str]:
    """Flip as many bits, one at a time; what came of them. Raises Silent."""
    chance, found = random.Random(seed), Counter[str]()
    for _ in range(count):
        refused = file.is_refused(chance.randrange(len(file.data)), chance.randrange(8))
        found[REFUSED if refused else HARMLESS] += 1
        progress(1)
    return found
