"""Random concurrent histories through pyqldb's driver, and the check that they are serializable."""

import itertools
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError
from pyqldb.config.retry_config import RetryConfig
from pyqldb.driver.qldb_driver import QldbDriver

from runtime.ledger import ion
from runtime.ledger.block import Block
from runtime.ledger.driver import embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.limits import Limits
from runtime.ledger.storage.port import JournalStorage
from runtime.ledger.verify import verify_blocks
from tests.soak.serializability import Anomaly, Call, Committed, Find, Read, Write, check

TABLE: Final = "Docs"
SCHEMA: Final = ("CREATE TABLE Docs", "CREATE INDEX ON Docs (category)")
INSERT: Final = "INSERT INTO Docs ?"
READ: Final = "SELECT d.* FROM Docs AS d BY id WHERE id = ?"
FIND: Final = "SELECT id, d.category, d.log FROM Docs AS d BY id WHERE d.category = ?"
SCAN: Final = "SELECT id, d.category, d.log FROM Docs AS d BY id"
SET: Final = "UPDATE Docs AS d BY id SET d.category = ?, d.log = ? WHERE id = ?"
DELETE: Final = "DELETE FROM Docs AS d BY id WHERE id = ?"
CATEGORIES: Final = ("a", "b", "c")
DOCUMENTS: Final = 3
"""That are there when a history begins."""
TRANSACTIONS: Final = 4
"""Of each client."""
OPERATIONS_MAX: Final = 4
"""Of one transaction."""
RETRIES_MAX: Final = 6
AT_ONCE: Final = Limits(backoff_base_ms=0.0, backoff_ms_max=0.0, contention_ms_max=0.0)
"""Waiting is left to whoever decides which thread goes on."""
UNKNOWN: Final = "UnknownOutcomeException"


class Recorder:
    """One history: clients put into it what they did, `check` judges it."""

    def __init__(self) -> None:
        self._clock = itertools.count()
        self._calls: list[Call] = []

    def run(self, driver: QldbDriver, work: Callable[[Any, Call], None]) -> Call:
        """Run a transaction, noting each attempt; failures are noted, too, and not raised."""
        call = Call(next(self._clock))
        self._calls.append(call)

        def attempt(executor: Any) -> None:
            call.attempts.append(executor.transaction_id)
            call.operations = []
            work(executor, call)

        retries = RetryConfig(RETRIES_MAX, custom_backoff=lambda *_: 0)
        try:
            driver.execute_lambda(attempt, retries)
            call.committed = True
        except ClientError as error:
            if error.response["Error"]["Code"] == UNKNOWN:
                return call
        call.completed = next(self._clock)
        return call

    @property
    def committed(self) -> int:
        """How many transactions were acknowledged."""
        return sum(call.committed for call in self._calls)

    def check(self, storage: JournalStorage) -> None:
        """Raise Anomaly unless the journal is sound and the history strictly serializable."""
        stored = [block.ion for block in storage.blocks(0)]
        verify_blocks(stored)
        journal = [_committed(Block.from_ion(data)) for data in stored]
        schemas = [
            Call(-2, [block.transaction_id], [], -1, True) for block in journal if not block.changes
        ]
        _check_views(storage, stored)
        check([*schemas, *self._calls], journal)


def play(
    seed: int,
    stores: Sequence[JournalStorage],
    run: Callable[[Sequence[Callable[[], None]]], None],
    before_clients: Callable[[], None] = lambda: None,
) -> Recorder:
    """Play a history on one journal: a client, with a ledger and driver of its own, on each store.

    `run` runs the clients' threads; stores given twice are shared by two clients.
    """
    recorder = Recorder()
    ledgers = {id(store): Ledger(store, name="docs", limits=AT_ONCE) for store in stores}
    drivers = [embedded_driver(ledgers[id(store)]) for store in stores]
    with_schema(ledgers[id(stores[0])])
    documents = [_insert(recorder, drivers[0], n) for n in range(DOCUMENTS)]
    before_clients()
    run(
        [
            Client(recorder, driver, random.Random(f"{seed} {i}"), documents, i).run
            for i, driver in enumerate(drivers)
        ]
    )
    for driver in drivers:
        driver.close()
    return recorder


def with_schema(ledger: Ledger) -> None:
    """Make the table and its index."""
    for statement in SCHEMA:
        transaction = ledger.begin()
        transaction.execute(statement)
        transaction.commit()


class Client:
    """Runs transactions one after another, each of random operations on some documents."""

    def __init__(
        self,
        recorder: Recorder,
        driver: QldbDriver,
        random_: random.Random,
        documents: Sequence[str],
        number: int,
    ) -> None:
        self._recorder = recorder
        self._driver = driver
        self._random = random_
        self._documents = documents
        self._values = itertools.count(1000 * (number + 1))

    def run(self) -> None:
        for _ in range(TRANSACTIONS):
            # The same operations at each attempt: a retry repeats what was asked for.
            seed = self._random.getrandbits(64)
            self._recorder.run(self._driver, partial(self._work, seed))

    def _work(self, seed: int, executor: Any, call: Call) -> None:
        chosen = random.Random(seed)
        for _ in range(chosen.randint(1, OPERATIONS_MAX)):
            operation = chosen.choices(
                [
                    self._read,
                    self._append,
                    self._move,
                    self._find,
                    self._scan,
                    self._insert,
                    self._delete,
                ],
                [6, 6, 3, 4, 1, 2, 1],
            )[0]
            operation(executor, call, chosen)

    def _read(self, executor: Any, call: Call, chosen: random.Random) -> Any:
        document = chosen.choice(self._documents)
        rows = [_plain(row) for row in executor.execute_statement(READ, document)]
        seen = rows[0] if rows else None
        call.operations.append(Read(document, seen))
        return document, seen

    def _append(self, executor: Any, call: Call, chosen: random.Random) -> None:
        document, seen = self._read(executor, call, chosen)
        if seen is not None:
            data = {**seen, "log": [*seen["log"], next(self._values)]}
            _set(executor, call, document, data)

    def _move(self, executor: Any, call: Call, chosen: random.Random) -> None:
        document, seen = self._read(executor, call, chosen)
        category = chosen.choice(CATEGORIES)
        if seen is not None:
            _set(executor, call, document, {**seen, "category": category})

    def _find(self, executor: Any, call: Call, chosen: random.Random) -> None:
        category = chosen.choice(CATEGORIES)
        rows = list(executor.execute_statement(FIND, category))
        call.operations.append(Find(category, {str(row["id"]): _plain(row) for row in rows}))

    def _scan(self, executor: Any, call: Call, chosen: random.Random) -> None:
        rows = list(executor.execute_statement(SCAN))
        call.operations.append(Find(None, {str(row["id"]): _plain(row) for row in rows}))

    def _insert(self, executor: Any, call: Call, chosen: random.Random) -> None:
        data = {"category": chosen.choice(CATEGORIES), "log": [next(self._values)]}
        insert(executor, call, data)

    def _delete(self, executor: Any, call: Call, chosen: random.Random) -> None:
        document, seen = self._read(executor, call, chosen)
        if seen is not None:
            executor.execute_statement(DELETE, document)
            call.operations.append(Write(document, None))


def insert(executor: Any, call: Call, data: Any) -> str:
    """Insert a document and note it; its id."""
    [row] = executor.execute_statement(INSERT, data)
    document = str(row["documentId"])
    call.operations.append(Write(document, data))
    return document


def _insert(recorder: Recorder, driver: QldbDriver, number: int) -> str:
    data = {"category": CATEGORIES[number % len(CATEGORIES)], "log": [number]}
    call = recorder.run(driver, lambda executor, call: insert(executor, call, data) and None)
    if not call.committed:
        raise AssertionError("the first documents could not be inserted")
    return call.operations[0].document  # type: ignore[union-attr]


def _set(executor: Any, call: Call, document: str, data: Any) -> None:
    executor.execute_statement(SET, data["category"], data["log"], document)
    call.operations.append(Write(document, data))


def _plain(row: Any) -> Any:
    return {"category": str(row["category"]), "log": [int(n) for n in row["log"]]}


def _committed(block: Block) -> Committed:
    return Committed(
        block.transaction_id,
        {
            revision.document_id: None if revision.data is None else _plain(revision.data)
            for revision in block.revisions
            if revision.table_name == TABLE
        },
    )


def _check_views(storage: JournalStorage, stored: Sequence[bytes]) -> None:
    """Documents and index as the store tells them are what the blocks say."""
    table = next(
        r.table_id for s in stored for r in Block.from_ion(s).revisions if r.table_name == TABLE
    )
    expected = {
        (r.document_id, r.version): r.data is None
        for data in stored
        for r in Block.from_ion(data).revisions
        if r.table_name == TABLE
    }
    found = {(r.document_id, r.version): r.deleted for r in storage.revisions(table)}
    if found != expected:
        raise Anomaly(f"the store has revisions {found}, the journal {expected}")
    ledger = Ledger(storage, name="docs")
    scanned = _rows(ledger, SCAN)
    looked_up: dict[str, Any] = {}
    for category in CATEGORIES:
        looked_up |= _rows(ledger, FIND, category)
    if scanned != looked_up:
        raise Anomaly(f"the index finds {looked_up}, a scan {scanned}")


def _rows(ledger: Ledger, statement: str, *parameters: Any) -> dict[str, Any]:
    transaction = ledger.begin()
    rows = transaction.execute(statement, [ion.decode(ion.encode(p)) for p in parameters])
    return {str(row["id"]): _plain(row) for row in rows}
