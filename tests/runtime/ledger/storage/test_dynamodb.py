"""The DynamoDB store keeps the contract with Puts alone, few calls, and honest errors."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.stub import ANY, Stubber

from local.emulator.servers import CloudServer
from runtime.ledger.errors import (
    CorruptJournalError,
    HeadMovedError,
    LimitExceededError,
    StorageError,
    UnavailableError,
)
from runtime.ledger.storage import items
from runtime.ledger.storage.dynamodb import TORN_READS_MAX, DynamoDbStorage
from runtime.ledger.storage.port import IndexEntry
from tests.contracts.journal_storage import (
    DOCUMENTS,
    INDEX,
    TABLE,
    JournalStorageContract,
    filled,
    following,
    revision,
)
from tests.emulator import client

PARTS = 3


@pytest.fixture(scope="module")
def table(cloud: CloudServer) -> str:
    """A journal table that the module's ledgers share."""
    name = "journal-" + uuid.uuid4().hex
    client(cloud, "dynamodb").create_table(
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
    return name


@pytest.fixture
def calls() -> list[tuple[str, dict[str, Any]]]:
    """Every call that `storage` makes: operation and parameters."""
    return []


@pytest.fixture
def storage(
    cloud: CloudServer, table: str, calls: list[tuple[str, dict[str, Any]]]
) -> Iterator[DynamoDbStorage]:
    """A ledger of its own in the shared table."""
    dynamodb = client(cloud, "dynamodb", max_pool_connections=20)
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb",
        lambda params, model, **_: calls.append((model.name, params)),
    )
    storage = DynamoDbStorage(dynamodb, table, f"ads-{uuid.uuid4().hex}")
    yield storage
    storage.close()
    dynamodb.close()


class TestDynamoDbStorage(JournalStorageContract):
    """The contract, on a table."""

    large_block_bytes = items.PART_BYTES_MAX * (PARTS - 1) + 1


def test_only_conditional_puts_are_written_in_one_call(
    storage: DynamoDbStorage, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    entry = IndexEntry(INDEX, bytes(32), DOCUMENTS[0], 0)
    storage.append(following(None, (revision(), revision(DOCUMENTS[1], 3)), (entry,)))
    [(operation, request)] = calls
    assert operation == "TransactWriteItems"
    puts = request["TransactItems"]
    assert [list(put) for put in puts] == [["Put"]] * 5
    assert {put["Put"]["ConditionExpression"] for put in puts} == {"attribute_not_exists(pk)"}
    assert [put["Put"]["Item"]["kind"]["S"] for put in puts] == [
        "block",
        "revision",
        "member",
        "revision",
        "index",
    ]


def test_the_token_is_the_same_for_every_try_of_a_block(
    storage: DynamoDbStorage, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    commit = following(None)
    storage.append(commit)
    storage.append(commit)
    assert len({request["ClientRequestToken"] for _, request in calls}) == 1
    assert list(storage.blocks(0)) == [commit.block]


def test_single_reads_take_one_consistent_query(
    storage: DynamoDbStorage, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    storage.append(following(None, (revision(),)))
    for read in (
        storage.head,
        lambda: storage.current(TABLE, DOCUMENTS[0]),
        lambda: storage.lookup(INDEX, bytes(32)),
        lambda: list(storage.blocks(0)),
    ):
        calls.clear()
        read()
        [(operation, request)] = calls
        assert operation == "Query"
        assert request["ConsistentRead"] is True


def test_ledgers_in_one_table_do_not_see_each_other(
    storage: DynamoDbStorage, cloud: CloudServer, table: str
) -> None:
    storage.append(following(None, (revision(),)))
    other = DynamoDbStorage(client(cloud, "dynamodb"), table, storage._ledger[:-1])
    assert other.head() is None
    assert list(other.documents(TABLE)) == []


def test_the_head_may_be_in_parts(storage: DynamoDbStorage) -> None:
    large = following(None, ion=bytes(items.PART_BYTES_MAX) + b"end")
    storage.append(large)
    assert storage.head() == large.block


def test_long_partitions_are_read_page_by_page(
    storage: DynamoDbStorage, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    head = None
    for _ in range(5):
        commit = following(head, ion=bytes(items.PART_BYTES_MAX))
        storage.append(commit)
        head = commit.block
    calls.clear()
    assert [block.sequence_no for block in storage.blocks(0)] == [0, 1, 2, 3, 4]
    assert len(calls) >= 2


def test_a_transaction_too_large_is_refused_before_it_is_sent(
    storage: DynamoDbStorage, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    many = tuple(revision(f"d{i}") for i in range(50))
    with pytest.raises(LimitExceededError, match="101 items"):
        storage.append(following(None, many))
    with pytest.raises(LimitExceededError, match="change fewer documents"):
        storage.append(following(None, ion=bytes(4 * 1024 * 1024)))
    assert calls == []


def test_the_largest_transaction_is_taken(storage: DynamoDbStorage) -> None:
    many = tuple(revision(f"d{i:02d}") for i in range(49))
    storage.append(following(None, many))
    assert len(list(storage.documents(TABLE))) == 49


def reasons(*codes: str) -> dict[str, Any]:
    return {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }


def refusal(code: str, status: int = 400) -> dict[str, Any]:
    return {
        "Error": {"Code": code, "Message": "said why"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


class FailingClient:
    """A DynamoDB client each of whose calls fails in the same way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def transact_write_items(self, **_: Any) -> None:
        raise self.error

    def query(self, **_: Any) -> None:
        raise self.error


def client_error(response: dict[str, Any]) -> ClientError:
    return ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error(reasons("ConditionalCheckFailed", "None")), HeadMovedError),
        (client_error(reasons("ConditionalCheckFailed", "TransactionConflict")), HeadMovedError),
        (client_error(reasons("TransactionConflict", "None")), HeadMovedError),
        (client_error(reasons("None", "TransactionConflict")), HeadMovedError),
        (client_error(reasons("None", "ConditionalCheckFailed")), StorageError),
        (client_error(reasons("None", "ValidationError")), StorageError),
        (client_error(reasons("ThrottlingError", "None")), UnavailableError),
        (client_error(reasons("None", "ProvisionedThroughputExceeded")), UnavailableError),
        (client_error(refusal("ThrottlingException")), UnavailableError),
        (client_error(refusal("ProvisionedThroughputExceededException")), UnavailableError),
        (client_error(refusal("RequestLimitExceeded")), UnavailableError),
        (client_error(refusal("TransactionInProgressException")), UnavailableError),
        (client_error(refusal("InternalServerError", 500)), UnavailableError),
        (client_error(refusal("Anything", 503)), UnavailableError),
        (client_error(refusal("AccessDeniedException")), StorageError),
        (client_error(refusal("ResourceNotFoundException")), StorageError),
        (client_error(refusal("IdempotentParameterMismatchException")), StorageError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), UnavailableError),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), UnavailableError),
        (NoCredentialsError(), StorageError),
    ],
)
def test_errors_of_an_append(error: Exception, expected: type[Exception]) -> None:
    storage = DynamoDbStorage(FailingClient(error), "journal", "ads-0")
    with pytest.raises(StorageError, match="cannot append block 0 to ledger ads-0") as raised:
        storage.append(following(None, (revision(),)))
    assert type(raised.value) is expected
    assert raised.value.__cause__ is error


def test_errors_of_a_read_name_what_was_read() -> None:
    failing = FailingClient(client_error(refusal("ThrottlingException")))
    storage = DynamoDbStorage(failing, "journal", "ads-0")
    with pytest.raises(UnavailableError, match="cannot query ads-0#journal of ledger ads-0"):
        storage.head()


def torn_page(block_items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Items": block_items[:-1], "Count": len(block_items) - 1}


def test_a_block_seen_in_part_is_read_again(cloud: CloudServer) -> None:
    block = following(None, ion=bytes(items.PART_BYTES_MAX + 1)).block
    whole = list(items.items("ads-0", following_commit(block)))
    dynamodb = client(cloud, "dynamodb")
    with Stubber(dynamodb) as stub:
        stub.add_response("query", torn_page(whole), ANY_QUERY)
        stub.add_response("query", {"Items": whole}, ANY_QUERY)
        storage = DynamoDbStorage(dynamodb, "journal", "ads-0", sleep=lambda _: None)
        assert list(storage.blocks(0)) == [block]


def test_a_block_that_stays_in_part_is_corrupt(cloud: CloudServer) -> None:
    block = following(None, ion=bytes(items.PART_BYTES_MAX + 1)).block
    whole = list(items.items("ads-0", following_commit(block)))
    dynamodb = client(cloud, "dynamodb")
    with Stubber(dynamodb) as stub:
        for _ in range(TORN_READS_MAX + 1):
            stub.add_response("query", torn_page(whole), ANY_QUERY)
        storage = DynamoDbStorage(dynamodb, "journal", "ads-0", sleep=lambda _: None)
        with pytest.raises(CorruptJournalError, match="block 0 should have 2 parts, 1 were found"):
            list(storage.blocks(0))
        stub.assert_no_pending_responses()


ANY_QUERY = {
    "TableName": "journal",
    "ConsistentRead": True,
    "KeyConditionExpression": ANY,
    "ExpressionAttributeValues": ANY,
    "ScanIndexForward": True,
}


def following_commit(block: Any) -> Any:
    """A commit of exactly this block."""
    commit = following(None)
    return type(commit)(block)


def test_a_commit_s_size_is_not_underestimated() -> None:
    entry = IndexEntry(INDEX, bytes(32), "dé", 0)
    for item in items.items("ads-0", following(None, (revision(), revision()), (entry,))):
        content = 0
        for name, value in item.items():
            [held] = value.values()
            content += len(name)
            for each in held if isinstance(held, list) else [held]:
                content += len(each.encode() if isinstance(each, str) else bytes(each))
        assert items.size_bytes(item) >= content


def test_appending_after_reading_blocks_written_elsewhere(
    storage: DynamoDbStorage, cloud: CloudServer, table: str
) -> None:
    other = DynamoDbStorage(client(cloud, "dynamodb"), table, storage._ledger)
    filled(storage, 2)
    filled(other, 2)
    filled(storage, 1)
    assert [block.sequence_no for block in other.blocks(0)] == [0, 1, 2, 3, 4]
