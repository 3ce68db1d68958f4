"""What all transactions of a process may hold together, so that many cannot exhaust its memory."""

import threading
from dataclasses import dataclass, field

from runtime.ledger.errors import CapacityError


class Budget:
    """So many units, bytes unless it is said otherwise, for any number of holders."""

    def __init__(self, units_max: int | None = None, what: str = "") -> None:
        """Bound nothing where `units_max` is None; `what` says what is held of them."""
        self.units_max = units_max
        self.what = what
        # Held again by the same thread when the garbage collector drops a share in between.
        self._lock = threading.RLock()
        self._held = 0

    @property
    def held(self) -> int:
        """How many units all shares hold together."""
        return self._held

    def share(self) -> "Share":
        """A new holder, which holds nothing yet; without a bound nothing is counted."""
        return _UNBOUNDED if self.units_max is None else Share(self)

    def take(self, units: int) -> bool:
        """Hold so many more, or fewer where negative; False, and no change, beyond the most."""
        with self._lock:
            if units > 0 and self.units_max is not None and self._held + units > self.units_max:
                return False
            self._held += units
            return True


class Share:
    """What one holder has of a budget; given back at the latest when the holder is gone."""

    __slots__ = ("_budget", "_held")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held = 0

    @property
    def held(self) -> int:
        """How many units it holds."""
        return self._held

    def hold(self, units: int) -> None:
        """Hold so many units from now on; CapacityError, and no change, when they are too many."""
        budget = self._budget
        if units == self._held:
            return
        if not budget.take(units - self._held):
            raise CapacityError(
                f"Capacity exceeded: all transactions together may hold {budget.units_max}"
                f" {budget.what}, and hold {budget.held}, so this one cannot have {units}: commit"
                " or abort others, or abort this one and try it again in a moment"
            )
        self._held = units

    def offer(self, units: int) -> bool:
        """Hold so many more if there is room for them; whether there was."""
        budget = self._budget
        if not budget.take(units):
            return False
        self._held += units
        return True

    def release(self) -> None:
        """Hold nothing any more."""
        if self._held:
            self._budget.take(-self._held)
            self._held = 0

    def __del__(self) -> None:
        """Give back what nobody has released: what it was held for is gone with its holder."""
        self.release()


class _Unbounded(Share):
    """The part of everybody where there is no bound: counting would cost every commit."""

    __slots__ = ()

    def hold(self, units: int) -> None:
        """Hold whatever is asked for."""

    def offer(self, units: int) -> bool:
        """There is room for anything."""
        del units
        return True

    def release(self) -> None:
        """Nothing is counted."""


_UNBOUNDED = _Unbounded(Budget())


@dataclass(frozen=True, slots=True)
class Budgets:
    """Of one process, over all ledgers; without any bound unless it is said otherwise."""

    uncommitted: Budget = field(default_factory=Budget)
    """What open transactions have written, read and executed; beyond it statements are refused."""
    decoded: Budget = field(default_factory=Budget)
    """Ion of documents that open transactions keep decoded; beyond it they are decoded again."""
    results: Budget = field(default_factory=Budget)
    """Pages that clients have not fetched; beyond it statements are refused."""
    results_in_memory: Budget = field(default_factory=Budget)
    """Those of them that are not in files; beyond it they are."""
    result_files: Budget = field(default_factory=Budget)
    """Files with pages, in files; beyond it statements are refused."""
