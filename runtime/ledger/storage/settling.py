"""Whether all items of a commit can be seen.

DynamoDB writes the items of a transaction all or none, but only reads made as transactions see them
appear at once. To a query, and the newest of anything is found by query, they become visible one by
one, in any order, until the writer is answered; if a server dies meanwhile, perhaps for seconds. A
reader that sees a block and not yet the document it changed would take the old version for the
newest, and nothing later would tell.

So a block counts as the head only once everything it brought has been seen. Who appends does so
upon such a head, hence all blocks before the newest are visible as a whole, always. And a revision
is given out only once its block counts, or a reader could know of a commit that is not yet there.
"""

import random
import time
from collections.abc import Callable
from typing import Any, Final

from runtime.ledger.errors import UnavailableError
from runtime.ledger.storage import items
from runtime.ledger.storage.batch_reads import KEYS_MAX, items_at
from runtime.ledger.storage.items import Item
from runtime.ledger.storage.port import StoredBlock

SETTLE_S_MAX: Final = 3.0
"""How long a reader waits for the rest of a commit."""
WAIT_S: Final = 0.001
WAIT_S_MAX: Final = 0.05
"""Between two looks: the first bound, which doubles, and the last."""
_DOUBLINGS_MAX: Final = 10


class Settling:
    """Up to which block a journal is known to be visible as a whole; threads may share it."""

    def __init__(
        self,
        client: Any,
        table_name: str,
        ledger: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Know nothing yet."""
        self._client = client
        self._table_name = table_name
        self._ledger = ledger
        self._monotonic = monotonic
        self._sleep = sleep
        self._settled = -1

    def is_settled(self, sequence_no: int) -> bool:
        """Whether this block and all before it are known to be visible as a whole."""
        return sequence_no <= self._settled

    def note(self, sequence_no: int) -> None:
        """The store has acknowledged this block, and it was built upon one that was settled."""
        # Threads may overwrite a higher number; then one look too many is taken, no harm is done.
        self._settled = max(self._settled, sequence_no)

    def await_items_of(self, block: Item) -> None:
        """Return once all that was put with a block is visible; `block` is its first item.

        UnavailableError when that does not come about in time.
        """
        number = items.sequence_no(block)
        if self.is_settled(number):
            return
        missing = items.brought_keys(self._ledger, block)
        ends_at_s = self._monotonic() + SETTLE_S_MAX
        looks = 0
        while missing := self._missing(missing):
            self._wait(looks, ends_at_s, number)
            looks += 1
        self.note(number)

    def await_block(self, sequence_no: int, head: Callable[[], StoredBlock | None]) -> None:
        """Return once this block is the head or behind it; `head` reads the head and settles it."""
        ends_at_s = self._monotonic() + SETTLE_S_MAX
        looks = 0
        while True:
            head()
            if self.is_settled(sequence_no):
                return
            self._wait(looks, ends_at_s, sequence_no)
            looks += 1

    def _wait(self, looks: int, ends_at_s: float, sequence_no: int) -> None:
        if self._monotonic() >= ends_at_s:
            raise UnavailableError(
                f"block {sequence_no} of ledger {self._ledger} in table {self._table_name} was not"
                f" visible as a whole within {SETTLE_S_MAX} s: try again, and if it stays so,"
                " verify the journal"
            )
        bound_s = min(WAIT_S_MAX, WAIT_S * 2.0 ** min(looks, _DOUBLINGS_MAX))
        self._sleep(random.uniform(0, bound_s))  # noqa: S311 - it only spreads the readers.

    def _missing(self, keys: list[Item]) -> list[Item]:
        """Those of the keys whose items are not visible; at most KEYS_MAX are looked for."""
        asked = keys[:KEYS_MAX]
        what = f"what a block brought to ledger {self._ledger} in {self._table_name}"
        found = items_at(
            self._client, self._table_name, asked, "pk, sk", what=what, sleep=self._sleep
        )
        return [key for key in asked if key not in found] + keys[KEYS_MAX:]
