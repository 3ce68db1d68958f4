"""The state table: its key, its index by publisher, its expiry, and its guard."""

import pytest

from infra.state_store import StateStore
from local.plan import Resource
from tests.infra.plans import TABLE, component


def table(retain: bool = True) -> Resource:
    plan = component(lambda: StateStore("state", {"retain": retain, "recovery_days": 21}))
    return plan.one(TABLE, "state")


def test_ads_are_found_by_id_and_listed_by_publisher_and_time() -> None:
    inputs = table().inputs
    assert inputs["hashKey"] == "adId"
    assert "rangeKey" not in inputs
    assert inputs["globalSecondaryIndexes"] == [
        {
            "name": "byPublisher",
            "projectionType": "ALL",
            "keySchemas": [
                {"attributeName": "publisherId", "keyType": "HASH"},
                {"attributeName": "listKey", "keyType": "RANGE"},
            ],
        }
    ]
    assert {a["name"] for a in inputs["attributes"]} == {"adId", "publisherId", "listKey"}


def test_tombstones_expire() -> None:
    assert table().inputs["ttl"] == {"attributeName": "expiresAt", "enabled": True}


@pytest.mark.parametrize("retain", [True, False])
def test_one_flag_guards_it_and_it_can_always_be_recovered(retain: bool) -> None:
    found = table(retain)
    assert (found.protect, found.retain) == (retain, retain)
    assert found.inputs["deletionProtectionEnabled"] is retain
    assert found.inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 21}
    assert found.inputs["serverSideEncryption"] == {"enabled": True}
    assert found.inputs["billingMode"] == "PAY_PER_REQUEST"
