"""How many revisions a second the projectors decode on one core: `python -m bench.decode`.

The path measured is the projectors' own, from the bytes of a Kinesis record to what is written:
take apart the aggregate, check its MD5, skip the block summaries, decode Ion, map each revision to
a DynamoDB item. The input is what the publisher makes of a ledger in which every transaction
changes one ad, so a block summary comes with every revision. Two shapes: records packed full, as
under load, and one transaction a record, as when the system is quiet.

Measured in CPU time of one process, so that neighbours on the machine count little; the median of
several runs. `--runs` and `--ads` change how much is measured.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from runtime.journal.aggregation import aggregate
from runtime.journal.records import block_records
from runtime.journal.revisions import decode
from runtime.ledger import ion
from runtime.ledger.block import Change, Draft, StatementInfo, seal
from runtime.ledger.identifiers import encode_id
from runtime.state.items import item

ADS = 4_000
RUNS = 9
TARGET = 30_000
"""Revisions a second that the project promises."""
STREAM_ARN = "arn:aws:qldb:eu-west-1:123456789012:stream/ads/0ZzKdqEKvBq8v4sLwCyGpM"
START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Revisions a second over several runs."""

    shape: str
    rates: Sequence[float]

    @property
    def median(self) -> float:
        """The middle of all runs."""
        return statistics.median(self.rates)

    def __str__(self) -> str:
        return (
            f"{self.shape:<28}{self.median:>10,.0f} revisions/s   "
            f"({min(self.rates):,.0f} to {max(self.rates):,.0f})"
        )


def main() -> None:
    """Print both rates."""
    parser = argparse.ArgumentParser(description="Revisions a second that a projector decodes.")
    parser.add_argument("--ads", type=int, default=ADS, help="revisions in a run")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs, of which the median counts")
    options = parser.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, one core, CPU time")
    for measurement in measure(options.ads, options.runs):
        print(measurement)
    print(f"target: {TARGET:,} revisions/s; again: python -m bench.decode")


def measure(ads: int = ADS, runs: int = RUNS) -> list[Measurement]:
    """Measure both shapes over the same revisions."""
    transactions = [stream_records(number) for number in range(ads)]
    together = (record for records in transactions for record in records)
    packed = [data for data, _ in aggregate("lane-00", together)]
    single = [data for records in transactions for data, _ in aggregate("lane-00", records)]
    return [
        Measurement("aggregates packed full", rates(packed, ads, runs)),
        Measurement("one transaction a record", rates(single, ads, runs)),
    ]


def rates(records: Sequence[bytes], revisions: int, runs: int) -> list[float]:
    """Revisions a second of each run; one more run comes first, unmeasured."""
    times = [timed(lambda: to_items(records), revisions) for _ in range(runs + 1)]
    return [revisions / seconds for seconds in times[1:]]


def to_items(records: Sequence[bytes]) -> int:
    """Everything a projector does with records short of writing; how many items it makes."""
    return sum(len([item(revision) for revision in decode(record)]) for record in records)


def timed(work: Callable[[], int], expected: int) -> float:
    """CPU seconds that the work takes; it has to yield as many items as there are revisions."""
    before = time.process_time()
    found = work()
    seconds = time.process_time() - before
    if found != expected:
        raise RuntimeError(f"{found} items came of {expected} revisions")
    return seconds


def stream_records(number: int) -> list[bytes]:
    """The stream records of one block in which one ad is created: summary and revision."""
    time_at = START + timedelta(milliseconds=number)
    draft = Draft(
        strand_id=encode_id(b"\x11" * 16),
        transaction_id=encode_id((number * 7919).to_bytes(16, "big")),
        statements=(StatementInfo("INSERT INTO Ads ?", time_at, b"\x01" * 32),),
        changes=(
            Change(
                table_id=encode_id(b"\x22" * 16),
                table_name="Ads",
                document_id=encode_id(number.to_bytes(16, "big")),
                version=0,
                data=document(number, time_at),
                statements=(0,),
            ),
        ),
        tx_time=time_at,
        block_timestamp=time_at + timedelta(milliseconds=3),
    )
    return [record.data for record in block_records(seal(draft, None).block.ion, STREAM_ARN)]


def document(number: int, created_at: datetime) -> dict[str, object]:
    """An ad of ordinary size."""
    return {
        "publisherId": f"publisher-{number % 50}",
        "adTitle": f"awesome title {number}",
        "adDescription": f"awesome description of item {number}, hardly used and as good as new",
        "price": Decimal(number % 100_000) / 100,
        "currency": "€",
        "category": "awesome category",
        "tags": ["awesome", "category"],
        "createdAt": ion.timestamp(created_at),
    }


if __name__ == "__main__":
    main()
