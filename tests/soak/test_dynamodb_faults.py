"""Each transaction takes effect exactly once, whatever becomes of the calls of DynamoDB."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.emulator.servers import CloudServer
from runtime.ledger import ion
from runtime.ledger.driver import embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from tests.emulator import client
from tests.soak.faulty_client import FAULTS, FaultyClient
from tests.soak.histories import AT_ONCE, INSERT, UNKNOWN, play, with_schema
from tests.soak.isolation import at_once
from tests.soak.memory_dynamodb import MemoryDynamoDb

CLIENTS = 4
COUNTS = 25
SHARE = 0.25
ADD = "UPDATE Docs AS d BY id SET d.n = d.n + 1 WHERE id = ?"
GET = "SELECT d.n FROM Docs AS d BY id WHERE id = ?"


@pytest.fixture
def table(cloud: CloudServer) -> tuple[Any, str]:
    """A client of the emulator and a journal table of its own."""
    dynamodb, name = client(cloud, "dynamodb", max_pool_connections=20), f"journal-{uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb, name


def outcomes(count: int, work: Callable[[int], Any]) -> Counter[str]:
    """How often the work was done, refused, or nobody knows."""
    found: Counter[str] = Counter()
    for n in range(count):
        try:
            work(n)
            found["done"] += 1
        except ClientError as error:
            unknown = error.response["Error"]["Code"] == UNKNOWN
            found["unknown" if unknown else "refused"] += 1
    return found


def test_counters_and_inserts_have_exactly_one_effect() -> None:
    store = MemoryDynamoDb()
    calm = Ledger(DynamoDbStorage(store, "journal", "docs"), name="docs")
    with_schema(calm)
    driver = embedded_driver(calm)
    [row] = driver.execute_lambda(lambda t: list(t.execute_statement(INSERT, {"n": 0})))
    counter = str(row["documentId"])
    counted: list[Counter[str]] = []
    inserted: dict[str, bool] = {}
    faults: Counter[str] = Counter()

    def work(number: int) -> None:
        faulty = FaultyClient(store, random.Random(number), SHARE)
        storage = DynamoDbStorage(faulty, "journal", "docs")
        own = embedded_driver(Ledger(storage, name="docs", limits=AT_ONCE))

        def insert(n: int) -> None:
            name = f"{number}-{n}"
            inserted[name] = False
            document = {"category": name}
            own.execute_lambda(lambda t: t.execute_statement(INSERT, document))
            inserted[name] = True

        counted.append(
            outcomes(
                COUNTS, lambda n: own.execute_lambda(lambda t: t.execute_statement(ADD, counter))
            )
        )
        outcomes(COUNTS, insert)
        faults.update(faulty.faults)

    at_once([lambda n=n: work(n) for n in range(CLIENTS)])  # type: ignore[misc]
    total = sum(counted, Counter[str]())
    [count] = driver.execute_lambda(
        lambda t: [row["n"] for row in t.execute_statement(GET, counter)]
    )
    assert total["done"] <= count <= total["done"] + total["unknown"]
    assert total["done"] > CLIENTS * COUNTS / 2
    transaction = calm.begin()
    rows = transaction.execute(
        "SELECT VALUE d.category FROM Docs AS d WHERE d.category IS NOT NULL"
    )
    there = Counter(map(str, rows))
    assert set(there.values()) == {1}
    assert {name for name, done in inserted.items() if done} <= set(there) <= set(inserted)
    assert set(faults) == set(FAULTS)


@pytest.mark.parametrize("seed", range(3))
def test_histories_under_faults_on_the_emulator(table: tuple[Any, str], seed: int) -> None:
    dynamodb, name = table
    clients = [FaultyClient(dynamodb, random.Random(f"{seed} {i}"), 0.0) for i in range(CLIENTS)]

    def disturb() -> None:
        for faulty in clients:
            faulty.share = SHARE / 2

    stores = [DynamoDbStorage(faulty, name, "docs") for faulty in clients]
    recorder = play(seed, stores, at_once, disturb)
    calm = DynamoDbStorage(dynamodb, name, "docs")
    recorder.check(calm)
    assert recorder.committed > CLIENTS
    assert any(faulty.faults for faulty in clients)
    assert ion.decode(next(calm.blocks(0)).ion)["blockAddress"]["sequenceNo"] == 0
