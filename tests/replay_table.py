"""Tables of replays of a test's own, in the embedded cloud."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from runtime.replays.items import BY_CREATION


@pytest.fixture
def replays_table_name(dynamodb: Any) -> Iterator[str]:
    """An empty table, laid out as the program lays it out."""
    name = f"replays-{uuid4().hex[:12]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("replayId", "item", "kind", "createdAt")
        ],
        KeySchema=[
            {"AttributeName": "replayId", "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": BY_CREATION,
                "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
            }
        ],
    )
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.fixture
def entries_table_name(dynamodb: Any) -> Iterator[str]:
    """An empty replay table."""
    name = f"replay-{uuid4().hex[:12]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("replayId", "adId")
        ],
        KeySchema=[
            {"AttributeName": "replayId", "KeyType": "HASH"},
            {"AttributeName": "adId", "KeyType": "RANGE"},
        ],
    )
    yield name
    dynamodb.delete_table(TableName=name)
