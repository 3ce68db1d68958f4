"""A state table of its own for each test, in the embedded cloud."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from local.emulator.servers import CloudServer
from runtime.state.table import BY_PUBLISHER
from tests.emulator import client


@pytest.fixture(scope="session")
def dynamodb(cloud: CloudServer) -> Iterator[Any]:
    """One client for all tests."""
    found = client(cloud, "dynamodb")
    yield found
    found.close()


@pytest.fixture
def state_table_name(dynamodb: Any) -> Iterator[str]:
    """An empty table, laid out as the program lays it out."""
    with laid_out(dynamodb) as name:
        yield name


@contextmanager
def laid_out(dynamodb: Any) -> Iterator[str]:
    """An empty table, laid out as the program lays it out, that is gone afterwards."""
    name = f"state-{uuid4().hex[:12]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("adId", "publisherId", "listKey")
        ],
        KeySchema=[{"AttributeName": "adId", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": BY_PUBLISHER,
                "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [
                    {"AttributeName": "publisherId", "KeyType": "HASH"},
                    {"AttributeName": "listKey", "KeyType": "RANGE"},
                ],
            }
        ],
    )
    yield name
    dynamodb.delete_table(TableName=name)
