"""The lags of all projections behind all ledgers, as they are now."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from runtime.lag.lag import Lag, Recent, Versions, measured, recent
from runtime.ledger.storage.port import JournalStorage

LEDGERS_READ_MAX = 8
"""At once."""


class Lags:
    """Asks projections what they have of the newest blocks. Raises what journals and they raise."""

    def __init__(
        self,
        journals: Mapping[str, JournalStorage],
        projections: Mapping[str, Versions],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Both by name; nothing is asked yet."""
        self._journals = journals
        self._projections = projections
        self._now = now

    def measure(self, blocks: int) -> list[Lag]:
        """Each projection's lag behind each ledger, by the newest `blocks` blocks of each."""

        def look(journal: JournalStorage) -> Recent:
            return recent(journal, blocks)

        with ThreadPoolExecutor(LEDGERS_READ_MAX) as pool:
            found = list(pool.map(look, self._journals.values()))
        return [
            measured(projection, ledger, looked_at, versions, self._now())
            for ledger, looked_at in zip(self._journals, found, strict=True)
            for projection, versions in self._projections.items()
        ]
