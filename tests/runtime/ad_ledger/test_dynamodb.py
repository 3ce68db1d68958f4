"""Ads in a DynamoDB table: the calls that each command makes of AWS, counted at boto3."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from local.emulator.servers import REGION, CloudServer
from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.connection import ad_ledger, open_ads
from runtime.ad_ledger.settings import settings
from runtime.ads.port import PastAds
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from tests.emulator import client
from tests.runtime.ad_ledger.test_contract import NEW, changes

CREATE_CALLS_MAX = 2
CREATE_WITH_KEY_CALLS_MAX = 3
SAME_KEY_CALLS_MAX = 4
CHANGE_CALLS_MAX = 3
READ_CALLS_MAX = 2
LIST_CALLS_MAX = 1
"""Besides one for each ad looked at."""


@pytest.fixture(scope="module")
def dynamodb(cloud: CloudServer) -> Iterator[Any]:
    found = client(cloud, "dynamodb")
    yield found
    found.close()


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    name = f"journal-{uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
    return name


@pytest.fixture
def ads(dynamodb: Any, table: str) -> AdLedger:
    prefix = f"ads-{uuid4().hex[:8]}"
    return ad_ledger(prefix, 1, lambda name: DynamoDbStorage(dynamodb, table, name))


@pytest.fixture
def counted(dynamodb: Any) -> Iterator[Callable[[Callable[[], object]], int]]:
    calls: list[str] = []

    def record(model: Any, **_: Any) -> None:
        calls.append(model.name)

    def count(command: Callable[[], object]) -> int:
        calls.clear()
        command()
        return len(calls)

    dynamodb.meta.events.register("before-call.dynamodb", record)
    yield count
    dynamodb.meta.events.unregister("before-call.dynamodb", record)


def test_the_calls_of_a_warm_worker(
    ads: AdLedger, counted: Callable[[Callable[[], object]], int]
) -> None:
    ad_id = ads.create("p", NEW).ad_id
    assert counted(lambda: ads.create("p", NEW)) <= CREATE_CALLS_MAX
    assert counted(lambda: ads.create("p", NEW, "key")) <= CREATE_WITH_KEY_CALLS_MAX
    assert counted(lambda: ads.create("p", NEW, "key")) <= SAME_KEY_CALLS_MAX
    change = changes(price=Decimal("150.00"))
    assert counted(lambda: ads.change("p", ad_id, change)) <= CHANGE_CALLS_MAX
    assert counted(lambda: ads.read("p", ad_id)) <= READ_CALLS_MAX
    assert counted(lambda: ads.versions("p", ad_id)) <= READ_CALLS_MAX
    assert counted(lambda: ads.delete("p", ad_id)) <= CHANGE_CALLS_MAX


def test_the_calls_of_a_list_of_then(
    ads: AdLedger, counted: Callable[[Callable[[], object]], int]
) -> None:
    ids = sorted(ads.create("p", NEW).ad_id for _ in range(12))
    ads.change("p", ids[0], changes(price=Decimal("150.00")))
    now = datetime.now(UTC)
    ads.all_at("p", now, 1)
    pages: list[PastAds] = []
    calls = counted(lambda: pages.append(ads.all_at("p", now, 10)))
    assert calls <= LIST_CALLS_MAX + 10
    assert [one.ad_id for one in pages[0].revisions] == ids[:10]
    assert pages[0].next == ids[9]
    assert counted(lambda: ads.at("p", ids[1], now)) <= 1


def test_what_is_written_in_one_process_is_read_in_another(
    ads: AdLedger, dynamodb: Any, table: str, cloud: CloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    prefix = f"ads-{uuid4().hex[:8]}"
    first, second = (open_ads(settings(table, prefix, "2")) for _ in range(2))
    ad = first.create("p", NEW)
    changed = second.change("p", ad.ad_id, changes(price=Decimal("150.00")))
    second.delete("p", ad.ad_id)
    assert [revision.ad() for revision in first.versions("p", ad.ad_id)] == [ad, changed, None]
