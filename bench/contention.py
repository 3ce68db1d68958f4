"""What writers in many processes get out of one chain in DynamoDB: `python -m bench.contention`.

One ledger has one next block, so that its writers meet at the head. Each process here changes
documents of its own, through the engine, as fast as it can; nobody's reads are in another's way.
Printed are the commits a second of all together, how long one commit waits (median, 99th
percentile, longest), and how many gave up. The table is in the embedded cloud, which is one process
itself: compare runs on one machine, and do not take the figures for DynamoDB's.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

from local.emulator.servers import REGION, CloudServer
from local.home import Home
from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.storage.dynamodb import DynamoDbStorage

WRITERS = 8
SECONDS = 15.0
TABLE = "journal"


def main() -> None:
    """Print one line of figures."""
    parser = argparse.ArgumentParser(description="Commits of many processes to one chain.")
    parser.add_argument("--writers", type=int, default=WRITERS, help="processes")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long they write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cloud = CloudServer(Home(Path(folder)))
        cloud.start()
        try:
            _make_table(cloud.url)
            _report(_waits_s(cloud.url, arguments.writers, arguments.seconds), arguments.seconds)
        finally:
            cloud.kill()


def _waits_s(url: str, writers: int, seconds: float) -> tuple[list[float], int]:
    """How long each commit took, and how many failed."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    start = context.Barrier(writers)
    processes = [
        context.Process(target=_write, args=(url, seconds, start, answers)) for _ in range(writers)
    ]
    for process in processes:
        process.start()
    told = [answers.get(timeout=seconds + 120) for _ in processes]
    for process in processes:
        process.join()
    return [wait for waits, _ in told for wait in waits], sum(failed for _, failed in told)


def _report(told: tuple[list[float], int], seconds: float) -> None:
    waits_s, failed = sorted(told[0]), told[1]
    cuts = statistics.quantiles(waits_s, n=100)
    print(
        f"{len(waits_s) / seconds:,.1f} commits/s; a commit waits {cuts[49] * 1000:,.0f} ms,"
        f" 99 % under {cuts[98] * 1000:,.0f} ms, longest {waits_s[-1] * 1000:,.0f} ms;"
        f" {failed} gave up"
    )


def _write(url: str, seconds: float, start: Any, answers: Any) -> None:
    ledger = Ledger(DynamoDbStorage(_client(url), TABLE, "ads-0"), name="ads-0")
    ad = _run(ledger, "INSERT INTO Ads ?", {"n": 0})[0]["documentId"]
    waits_s: list[float] = []
    failed = 0
    start.wait()
    ends_at = time.monotonic() + seconds
    while (began := time.monotonic()) < ends_at:
        try:
            _run(ledger, "UPDATE Ads AS a BY id SET a.n = ? WHERE id = ?", len(waits_s), ad)
        except LedgerError:
            failed += 1
        waits_s.append(time.monotonic() - began)
    answers.put((waits_s, failed))


def _run(ledger: Ledger, statement: str, *parameters: Any) -> list[Any]:
    transaction = ledger.begin()
    rows = transaction.execute(statement, [ion.decode(ion.encode(p)) for p in parameters])
    transaction.commit()
    return rows


def _make_table(url: str) -> None:
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    _client(url).create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    ledger = Ledger(DynamoDbStorage(_client(url), TABLE, "ads-0"), name="ads-0")
    _run(ledger, "CREATE TABLE Ads")


def _client(url: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


if __name__ == "__main__":
    main()
