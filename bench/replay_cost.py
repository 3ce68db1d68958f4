"""What a replay costs beside what writing cost: `python -m bench.replay_cost`.

Everything that is ours runs in this process as it is deployed: ads are created through the driver
and the ledger's engine, then all of them are replayed, piece by piece, to a table of states. What
is AWS's is not measured: the journal is a SQLite file, the table and the replay's records are in
memory. `python -m bench.replay` measures the same through the embedded stack, where the emulator of
AWS is most of it.

Measured in CPU time of one process, so that neighbours on the machine count little. It ends with 1
unless replaying is five times as quick as writing, and costs the same for each ad of many as of
few. `--ads` says how many.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from runtime.ad_ledger.connection import ad_ledger
from runtime.ads.ad import NewAd
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.replay.destinations import TableDestination
from runtime.replay.journals import Journals
from runtime.replay.planning import Planner
from runtime.replay.steps import Steps
from runtime.replays.replay import Request, Status, Target
from runtime.replays.service import Replays
from runtime.state.bulk import BulkWriter
from tests.memory_replays import MemoryMachine, MemoryRecords

ADS: Final = (1_000, 10_000, 100_000)
PIECE_BLOCKS: Final = 5_000
FACTOR_MIN: Final = 5.0
"""How much quicker than writing the project promises that replaying is."""
GROWTH_MAX: Final = 1.3
"""Of the cost of an ad, from few ads to many."""
REPORT_ADS: Final = 10_000
MEMORY: Final = Path("/dev/shm")
"""Where files cost no disk, on the machines that have it."""
WIDTHS: Final = "{:>9}{:>14}{:>14}{:>9}{:>16}{:>14}"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds and calls of one ledger's life and replay."""

    ads: int
    writing_s: float
    replaying_s: float
    transactions: int
    """Calls of the state table."""

    @property
    def factor(self) -> float:
        """How much quicker replaying was."""
        return self.writing_s / self.replaying_s


class MemoryTable:
    """The versions that a table of states has, by conditional puts; items are not kept."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.transactions = 0

    def transact_write_items(self, **arguments: Any) -> Mapping[str, Any]:
        """All puts, if each ad is newer than what is there."""
        self.transactions += 1
        items = [put["Put"]["Item"] for put in arguments["TransactItems"]]
        found = {item["adId"]["S"]: int(item["version"]["N"]) for item in items}
        stale = [self.versions.get(ad_id, -1) >= version for ad_id, version in found.items()]
        if any(stale):
            reasons = [{"Code": "ConditionalCheckFailed" if old else "None"} for old in stale]
            error: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": reasons,
            }
            raise ClientError(error, "TransactWriteItems")
        self.versions |= found
        return {}


def main() -> int:
    """Measure each, and say whether everything is as promised."""
    parser = argparse.ArgumentParser(description="The cost of replaying.")
    parser.add_argument("--ads", type=int, nargs="+", default=list(ADS))
    options = parser.parse_args()
    print(WIDTHS.format("ads", "written/s", "replayed/s", "factor", "CPU us an ad", "ads a call"))
    costs = [measured(count) for count in options.ads]
    growth = costs[-1].replaying_s / costs[-1].ads / (costs[0].replaying_s / costs[0].ads)
    good = growth <= GROWTH_MAX and all(cost.factor >= FACTOR_MIN for cost in costs)
    print(f"an ad of {costs[-1].ads:,} costs {growth:.2f} x an ad of {costs[0].ads:,}")
    print(
        f"asked: at least {FACTOR_MIN:g} x as quick as writing, at most {GROWTH_MAX:g} x the cost"
    )
    return 0 if good else 1


def measured(ads: int) -> Cost:
    """Write so many ads, replay them, tell and check."""
    within = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=within) as folder:
        storage = SqliteStorage(Path(folder) / "journal.sqlite")
        try:
            writing_s = timed(lambda: write(storage, ads))
            table = MemoryTable()
            replaying_s = timed(lambda: replay(storage, table))
        finally:
            storage.close()
    if len(table.versions) != ads:
        raise RuntimeError(f"{len(table.versions)} of {ads} ads came back: this measures nothing")
    cost = Cost(ads, writing_s, replaying_s, table.transactions)
    shown: Sequence[str] = (
        f"{ads:,}",
        f"{ads / writing_s:,.0f}",
        f"{ads / replaying_s:,.0f}",
        f"{cost.factor:.1f}",
        f"{replaying_s / ads * 1e6:.0f}",
        f"{ads / cost.transactions:.0f}",
    )
    print(WIDTHS.format(*shown), flush=True)
    return cost


def write(storage: SqliteStorage, count: int) -> None:
    """Create ads as the commands' worker does."""
    ads = ad_ledger("ads", 1, lambda _: storage)
    for number in range(count):
        fields = {
            "adTitle": f"ad number {number}",
            "adDescription": "awesome description " * 10,
            "price": Decimal(number).scaleb(-2),
            "currency": "EUR",
            "category": "awesome category",
            "tags": ["awesome", "category"],
        }
        ads.create(f"publisher-{number % 1000}", NewAd.model_validate(fields))
        if number % REPORT_ADS == 0 and sys.stderr.isatty():
            print(f"\r{number:,} of {count:,} written ", end="\r", file=sys.stderr)
    ads.close()


def replay(storage: SqliteStorage, table: MemoryTable) -> None:
    """Everything, to now, by the steps of the state machine."""
    records, machine = MemoryRecords(), MemoryMachine(random.Random(0))
    journals = Journals([storage])
    writer = BulkWriter(table, "state")
    planner = Planner(journals, None, PIECE_BLOCKS)
    steps = Steps(records, journals, lambda _: TableDestination(writer), planner)
    replays = Replays(records, machine)
    started = replays.start(Request(Target.STATE)).replay.replay_id
    for number in steps.plan(started, 1):
        steps.piece(started, 1, number)
    steps.finish(started, 1)
    done = replays.read(started).replay
    if done.status is not Status.SUCCEEDED:
        raise RuntimeError(f"the replay is {done.status}: {'; '.join(done.faults)}")


def timed(work: Callable[[], None]) -> float:
    """CPU seconds of this process, without the collector's walks over what was there before."""
    gc.collect()
    gc.freeze()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        gc.unfreeze()


if __name__ == "__main__":
    sys.exit(main())
