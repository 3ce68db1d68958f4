"""Histories on simulated DynamoDB, one interleaving a seed, and on SQLite, with real threads."""

import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.soak.faulty_client import FaultyClient
from tests.soak.histories import Recorder, play
from tests.soak.memory_dynamodb import MemoryDynamoDb
from tests.soak.turns import Turns

CLIENTS_MAX: Final = 4
FAULTS_SHARE_MAX: Final = 0.1


def simulated(seed: int, storage_of: Callable[..., DynamoDbStorage] = DynamoDbStorage) -> Recorder:
    """Clients like processes on a table whose calls fail, checked; Anomaly when it is not sound.

    Every call of the table is a point at which another client may go on, and so is each moment at
    which one more item of a commit becomes visible.
    """
    chosen = random.Random(seed)
    turns = Turns(chosen.getrandbits(64))
    table = MemoryDynamoDb(turns.pause, chosen.getrandbits(64))
    clients = [
        FaultyClient(table, random.Random(chosen.getrandbits(64)), 0.0)
        for _ in range(chosen.randint(2, CLIENTS_MAX))
    ]
    share = chosen.choice([0.0, FAULTS_SHARE_MAX * chosen.random()])

    def disturb() -> None:
        for client in clients:
            client.share = share

    def pause(_: float) -> None:
        turns.pause()

    stores = [storage_of(client, "journal", "docs", sleep=pause) for client in clients]
    recorder = play(seed, stores, turns.run, disturb)
    recorder.check(DynamoDbStorage(table, "journal", "docs"))
    return recorder


def threaded(seed: int, folder: Path) -> Recorder:
    """Threads on one SQLite file: two share a ledger, others open the file themselves."""
    path = folder / f"history-{seed}.sqlite"
    stores = [SqliteStorage(path) for _ in range(CLIENTS_MAX - 1)]
    try:
        recorder = play(seed, [stores[0], *stores], at_once)
        recorder.check(stores[0])
    finally:
        for store in stores:
            store.close()
    for part in folder.glob(f"{path.name}*"):
        part.unlink()
    return recorder


def at_once(works: Sequence[Callable[[], None]]) -> None:
    """Run all, each in a thread; the first error that one raised is raised."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
