"""Both projections of many ads lost and brought back while writes go on: `python -m bench.replay`.

Starts an embedded stack of its own, has ads written by HTTP, drops every item of the state table
and the search index, replays both, and compares them with the ledger, ad by ad. One ad is dropped
and brought back alone while writes go on, too. Prints how quick writing and replaying were.

`--ads` says how many (20,000), `--filled` how many more are put straight into the ledger, dozens to
a transaction, which is quicker. `--home` says where the stack is kept; with `--ads 0` what a kept
one has is used, and no rate of writing is known.
"""

import argparse
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from urllib3.exceptions import HTTPError

from local.stack import Stack
from runtime.ad_ledger.ad_ledger import INSERT_AD
from runtime.ad_ledger.documents import document, new_fields
from runtime.ad_ledger.shard import Shard, Statements
from runtime.ads.ad import NewAd
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from tests.system.agreement import LEDGER, disagreements
from tests.system.client import AD, Api, wait_until
from tests.system.operations import Operations
from tests.system.test_replay import drop_documents, drop_items

ADS = 20_000
CLIENTS = 4
POLL_S = 0.5
AGREE_S_MAX = 300
TRIES_MAX = 5
ADS_A_TRANSACTION = 30
"""Far below the hundred items that DynamoDB takes at once."""
WRITE_PAUSE_S = 0.1
FACTOR = 5
"""How much quicker than writing the project promises that replaying is."""
ONE_AD_S_MAX = 2.0
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Writer(threading.Thread):
    """Creates ads all the while; counts its answers."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self._api = api
        self._stopped = threading.Event()
        self.done = self.failed = 0

    def run(self) -> None:
        while not self._stopped.wait(WRITE_PAUSE_S):
            self.done += 1
            try:
                self.failed += self._api.create("meanwhile").status != 201
            except HTTPError as error:
                print(f"a write was not answered: {error}", flush=True)
                self.failed += 1

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def main() -> None:
    """Measure, and end with 1 when something is not as promised."""
    parser = argparse.ArgumentParser(description="Projections lost and replayed.")
    parser.add_argument("--ads", type=int, default=ADS)
    parser.add_argument("--filled", type=int, default=0)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="adledger-replay-")) / "home"
    stack = Stack(home, lambda what: print(f"  {what}"))
    stack.up()
    try:
        good = measure(stack, options.ads, options.filled)
    finally:
        if options.home is None:
            stack.clean()
    sys.exit(0 if good else 1)


def measure(stack: Stack, ads: int, filled: int) -> bool:
    """Write, drop, replay, compare; whether everything is as promised."""
    outputs, dynamodb = stack.outputs(), stack.client("dynamodb")
    api, operations = Api(outputs), Operations(outputs)
    written = write(api, ads) if ads else 0.0
    print(f"written  {ads} ads at {written:,.1f} a second by {CLIENTS} clients", flush=True)
    fill(dynamodb, outputs["journalTableName"], filled)
    writer = Writer(api)
    writer.start()
    dropped = drop_items(dynamodb, outputs["stateTableName"])
    drop_documents(outputs["searchEndpoint"])
    print(f"dropped  {dropped} items and the search index", flush=True)
    rates = {target: replayed(operations, target) for target in ("state", "search")}
    one_s = one_ad(api, operations, dynamodb, outputs["stateTableName"])
    print(f"one ad alone is back after {one_s:.2f} s", flush=True)
    writer.stop()
    print(f"meanwhile {writer.done} writes, {writer.failed} failed")
    wrong = agreed(outputs, dynamodb)
    print(f"ads on which ledger, state and search disagree: {len(wrong)}")
    good = not wrong and not writer.failed and one_s <= ONE_AD_S_MAX
    return good and min(rates.values()) >= FACTOR * written


def write(api: Api, ads: int) -> float:
    """Ads a second."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        for done, _ in enumerate(clients.map(lambda n: create(api, n), range(ads)), 1):
            told(f"written {done} of {ads}", done % 100 == 0)
    return ads / (time.perf_counter() - began)


def fill(dynamodb: Any, table: str, ads: int) -> None:
    """Put ads into the ledger as its worker does, but many in one transaction."""
    storage = DynamoDbStorage(dynamodb, table, LEDGER)
    shard = Shard(Ledger(storage, name=LEDGER))
    new = NewAd.of({**AD, "price": Decimal(AD["price"])})
    for first in range(0, ads, ADS_A_TRANSACTION):
        count = min(ADS_A_TRANSACTION, ads - first)
        documents = [document(new_fields("bench-filled", new, datetime.now(UTC)))] * count
        shard.run("the ledger", partial(_insert, documents))
        told(f"filled {first + count} of {ads}")
    shard.close()


def _insert(documents: list[Any], transaction: Statements) -> None:
    for each in documents:
        transaction.execute_statement(INSERT_AD, each)


def create(api: Api, number: int) -> None:
    """One ad, again where the machine was too busy to take it."""
    for _ in range(TRIES_MAX):
        if api.create(f"bench-{number % 100}", AD).status == 201:
            return
    raise AssertionError(f"ad {number} was refused {TRIES_MAX} times")


def replayed(operations: Operations, target: str) -> float:
    """Replay everything to one target; ads a second, from the request to the end."""
    began = time.perf_counter()
    replay: dict[str, Any] = operations.start(target).body
    while replay["status"] not in ENDED:
        time.sleep(POLL_S)
        replay = operations.read(replay["replayId"])
        left = "" if replay["remainingS"] is None else f", {replay['remainingS']:.0f} s left"
        told(f"{target} {replay['percent']:.0f} %, {replay['blocksPerS']:.0f} blocks/s{left}")
    rate = replay["counts"]["ads"] / (time.perf_counter() - began)
    print(f"replayed {target}: {replay['status']}, {rate:,.0f} ads a second {replay['counts']}")
    return rate if replay["status"] == "SUCCEEDED" else 0.0


def one_ad(api: Api, operations: Operations, dynamodb: Any, table: str) -> float:
    """Seconds from asking for one lost ad until the API has it again."""
    publisher = "bench-one"
    ad_id = api.create(publisher, AD).body["adId"]
    wait_until(lambda: api.read(publisher, ad_id).status == 200, AGREE_S_MAX)
    dynamodb.delete_item(TableName=table, Key={"adId": {"S": ad_id}})
    began = time.perf_counter()
    operations.start("state", adId=ad_id)
    wait_until(lambda: api.read(publisher, ad_id).status == 200, AGREE_S_MAX)
    return time.perf_counter() - began


def agreed(outputs: dict[str, str], dynamodb: Any) -> list[str]:
    """What still disagrees once the stream has had time to deliver."""
    deadline = time.monotonic() + AGREE_S_MAX
    while (wrong := disagreements(outputs, dynamodb)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return wrong


def told(text: str, now: bool = True) -> None:
    """Progress on one line of a terminal."""
    if now and sys.stderr.isatty():
        print(f"\r{text:<70}", end="\r", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
