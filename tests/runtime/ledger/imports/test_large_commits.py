"""Transactions as large as QLDB allowed become DynamoDB commits in several steps."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.servers import CloudServer
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import HeadMovedError, StorageError
from runtime.ledger.identifiers import new_id
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import IndexEntry, StepwiseStorage
from tests.contracts.journal_storage import INDEX, following, revision
from tests.emulator import client
from tests.fakes import MemoryStorage
from tests.foreign_journal import ForeignJournal, Put
from tests.runtime.ledger.imports.importing import contents, import_all
from tests.runtime.ledger.ledgers import Clock, run

DOCUMENTS = 40


@pytest.fixture
def dynamodb(cloud: CloudServer) -> Iterator[Any]:
    dynamodb = client(cloud, "dynamodb", retries={"max_attempts": 0})
    yield dynamodb
    dynamodb.close()


@pytest.fixture
def storage(dynamodb: Any) -> DynamoDbStorage:
    name = "journal-" + uuid.uuid4().hex
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
    return DynamoDbStorage(dynamodb, name, "vehicles")


def loaded(documents: int = DOCUMENTS, size: int = 10) -> ForeignJournal:
    """A ledger whose documents were loaded as many at once as QLDB took."""
    journal = ForeignJournal()
    journal.define("CREATE TABLE Vehicle")
    journal.define("CREATE INDEX ON Vehicle (VIN)")
    journal.define("CREATE INDEX ON Vehicle (Color)")
    ids = [new_id() for _ in range(documents)]
    for version in range(2):
        journal.commit(
            *(
                Put("Vehicle", document_id, version, {"VIN": f"{n} {version}", "Color": "c" * size})
                for n, document_id in enumerate(ids)
            )
        )
    return journal


def test_a_ledger_of_large_transactions_moves_in(storage: DynamoDbStorage) -> None:
    assert isinstance(storage, StepwiseStorage)
    assert not isinstance(MemoryStorage(), StepwiseStorage)
    journal, copy = loaded(), MemoryStorage()
    import_all(journal.exported(), storage, digest=journal.digest())
    import_all(journal.exported(), copy)
    assert contents(storage) == contents(copy)
    ledger = Ledger(storage, name="vehicles", now=Clock())
    assert run(ledger, "SELECT VALUE v.VIN FROM Vehicle AS v WHERE v.VIN = '7 1'") == ["7 1"]
    assert run(ledger, "SELECT VALUE v.VIN FROM Vehicle AS v WHERE v.VIN = '7 0'") == []
    run(ledger, "UPDATE Vehicle SET Color = 'x' WHERE VIN = '7 1'")
    assert ledger.digest().sequence_no == len(journal.blocks)


def test_steps_are_bounded_by_bytes_too(storage: DynamoDbStorage, dynamodb: Any) -> None:
    sizes: list[int] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: sizes.append(len(params["TransactItems"])),
    )
    revisions = tuple(
        replace(revision(f"{n:022d}", version=1), ion=bytes(120_000)) for n in range(60)
    )
    storage.append_in_steps(following(None, revisions))
    assert sum(sizes) == 61
    assert sizes[-1] == 1
    assert len(sizes) == 5
    assert storage.head() is not None


@pytest.mark.parametrize("died_at", range(3))
def test_steps_that_were_ended_between_go_on(
    storage: DynamoDbStorage, dynamodb: Any, died_at: int
) -> None:
    entries = tuple(IndexEntry(INDEX, bytes(32), f"{n:022d}", 0) for n in range(40))
    revisions = tuple(revision(f"{n:022d}") for n in range(40))
    commit = following(None, revisions, entries)
    calls = [0]

    def die(**_: Any) -> None:
        calls[0] += 1
        if calls[0] == died_at + 1:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")

    dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", die)
    with pytest.raises(StorageError):
        storage.append_in_steps(commit)
    assert storage.head() is None
    storage.append_in_steps(commit)
    assert storage.head() == commit.block
    assert storage.lookup(INDEX, bytes(32)) == entries
    with pytest.raises(HeadMovedError):
        storage.append_in_steps(following(None, revisions, entries))
