"""The lags of all projections behind all ledgers, as they are now."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.lag.lag import Age, Lag, Recent, Versions, measured, recent
from runtime.ledger.storage.port import JournalStorage

LEDGERS_READ_MAX: Final = 8
"""At once."""
LOOK_BACK: Final = timedelta(minutes=10)
"""How far back the stream is read; what is older than that counts as published."""
SKEW: Final = timedelta(seconds=30)
"""By how much clocks of writers and of the stream may differ."""
STREAM: Final = "stream"

Published = Callable[[datetime], Mapping[str, int]]
"""The newest version of each ad that was put onto the stream since."""
AgeOf = Callable[[datetime], float | None]
"""Seconds that what a consumer was given last was old, by now; None where that is not known."""


class Lags:
    """Asks projections what they have of the newest blocks. Raises what journals and they raise."""

    def __init__(
        self,
        journals: Mapping[str, JournalStorage],
        projections: Mapping[str, Versions],
        published: Published,
        ages: Mapping[str, AgeOf],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        look_back: timedelta = LOOK_BACK,
    ) -> None:
        """Journals, projections and consumers that leave nothing to ask, by name."""
        self._journals = journals
        self._projections = projections
        self._published = published
        self._ages = ages
        self._now = now
        self._look_back = look_back

    def measure(self, blocks: int) -> list[Lag | Age]:
        """Each projection's and the stream's lag behind each ledger, and each consumer's age.

        The newest `blocks` blocks of each ledger are looked at.
        """

        def look(journal: JournalStorage) -> Recent:
            return recent(journal, blocks)

        with ThreadPoolExecutor(LEDGERS_READ_MAX) as pool:
            found = list(pool.map(look, self._journals.values()))
        looked_at = dict(zip(self._journals, found, strict=True))
        lags: list[Lag | Age] = [
            measured(projection, ledger, each, versions, self._now())
            for ledger, each in looked_at.items()
            for projection, versions in self._projections.items()
        ]
        lags += self._of_stream(looked_at)
        return lags + [Age(name, age(self._now())) for name, age in self._ages.items()]

    def _of_stream(self, looked_at: Mapping[str, Recent]) -> list[Lag]:
        now = self._now()
        newer = {ledger: _newer(each, now - self._look_back) for ledger, each in looked_at.items()}
        times = [change.tx_time for each in newer.values() for change in each.changes[:1]]
        # No more of it is read than the blocks that were looked at can have filled.
        since = min(map(datetime.fromisoformat, times), default=None)
        known: Mapping[str, int] = {}
        if since is not None:
            known = self._published(since - SKEW)
        return [
            measured(STREAM, ledger, each, lambda _: known, now) for ledger, each in newer.items()
        ]


def _newer(looked_at: Recent, since: datetime) -> Recent:
    """Only what the part of the stream that is read has to have."""
    newer = [each for each in looked_at.changes if datetime.fromisoformat(each.tx_time) >= since]
    first = newer[0].sequence_no if newer else looked_at.head
    return replace(looked_at, first=first, changes=newer)
