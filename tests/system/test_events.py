"""What a partner is told of changes made by HTTP: everything, in order, by its schema."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema_rs
import pytest

from infra.event_bus import event_schemas
from local.event_sources.faults import Faults
from local.stack import Stack
from tests.system.client import AD, Api

PARTNER = "adledger-local-partner"
WORKER = "publish-events"
TOLD_TIMEOUT_S = 120
CLIENTS = 4
ADS = 40
FAULT_RATE = 0.4
"""High, since changes are told in few batches; half of the failures come after all was done."""
FAULT_SEED = 7
"""The first answer is lost, the second batch not delivered."""

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


class Partner:
    """Receives from the example's queue and keeps what concerns one publisher."""

    def __init__(self, sqs: Any, publisher: str) -> None:
        self.received: list[dict[str, Any]] = []
        """Events as they came, those that came twice included."""
        self._sqs = sqs
        self._publisher = publisher
        self._url = sqs.get_queue_url(QueueName=PARTNER)["QueueUrl"]

    def told(self, count: int) -> dict[str, dict[str, Any]]:
        """So many distinct events by id, in the order in which each first came."""
        ends_at = time.monotonic() + TOLD_TIMEOUT_S
        while True:
            distinct: dict[str, dict[str, Any]] = {}
            for event in self.received:
                distinct.setdefault(event["detail"]["id"], event)
            if len(distinct) >= count:
                return distinct
            assert time.monotonic() < ends_at, f"{len(distinct)} of {count} events came"
            self._receive()

    def _receive(self) -> None:
        asked = {"QueueUrl": self._url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        for message in self._sqs.receive_message(**asked).get("Messages", []):
            event = json.loads(message["Body"])
            if event["detail"]["publisherId"] == self._publisher:
                self.received.append(event)
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture
def partner(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Partner]:
    """Of a publisher who is named for the test; what others left in the queue is gone."""
    sqs = stack.client("sqs")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=PARTNER)["QueueUrl"])
    yield Partner(sqs, request.node.name)
    sqs.close()


def validate(event: dict[str, Any]) -> None:
    jsonschema_rs.Draft4Validator(event_schemas()[event["detail-type"]]).validate(event)


def test_an_ads_life_is_told(api: Api, partner: Partner, request: pytest.FixtureRequest) -> None:
    publisher = request.node.name
    ad_id = api.create(publisher, {**AD, "price": 10}).body["adId"]
    assert api.change(publisher, ad_id, {"price": 12, "tags": ["new"]}).status == 200
    assert api.delete(publisher, ad_id).status == 204
    versions = api.read(publisher, ad_id, versions="true").body["items"]

    created, updated, deleted = partner.told(3).values()

    for event, kind, version in zip(
        (created, updated, deleted), ("AdCreated", "AdUpdated", "AdDeleted"), versions, strict=True
    ):
        validate(event)
        assert (event["detail-type"], event["source"]) == (kind, "adledger")
        detail = event["detail"]
        assert detail["id"] == f"{ad_id}-{version['version']}"
        assert (detail["txId"], detail["txTime"]) == (version["txId"], version["txTime"])
        assert detail["href"] == f"/publisher/{publisher}/ad/{ad_id}?versions=true"
    assert created["detail"]["ad"]["adTitle"] == AD["adTitle"]
    assert updated["detail"]["changes"] == {
        "price": {"old": "10", "new": "12"},
        "tags": {"old": ["awesome", "category"], "new": ["new"]},
    }
    assert deleted["detail"]["ad"] == updated["detail"]["ad"]


def test_all_changes_are_told_in_order_while_deliveries_fail(
    stack: Stack, api: Api, partner: Partner, request: pytest.FixtureRequest
) -> None:
    publisher = request.node.name

    def live(number: int) -> tuple[str, int]:
        """An ad's id and how many versions it has."""
        created = api.create(publisher, {**AD, "adTitle": f"ad {number}"})
        assert created.status == 201, created.body
        ad_id = created.body["adId"]
        for version in range(1, 1 + number % 4):
            assert api.change(publisher, ad_id, {"price": version}).body["version"] == version
        if number % 3 == 0:
            assert api.delete(publisher, ad_id).status == 204
        return ad_id, 1 + number % 4 + (number % 3 == 0)

    with stack.faulty(Faults(FAULT_RATE, seed=FAULT_SEED, functions=(WORKER,))):
        with ThreadPoolExecutor(CLIENTS) as clients:
            versions = dict(clients.map(live, range(ADS)))
        events = partner.told(sum(versions.values()))

    assert len(partner.received) > len(events), "none was sent again: nothing failed"
    for event in events.values():
        validate(event)
    for ad_id, count in versions.items():
        found = [e["detail"]["version"] for e in events.values() if e["detail"]["adId"] == ad_id]
        assert found == list(range(count))
    assert len(events) == sum(versions.values())
