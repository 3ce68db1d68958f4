"""The journal table: its keys, its stream, and one flag that guards it in every way."""

import pytest

from infra.ledger import Ledger
from local.plan import Plan
from tests.infra.plans import TABLE, component


def planned(retain: bool = True) -> Plan:
    return component(lambda: Ledger("journal", {"retain": retain, "recovery_days": 21}))


def test_it_is_keyed_by_partition_and_order() -> None:
    table = planned().one(TABLE, "journal").inputs
    assert (table["hashKey"], table["rangeKey"]) == ("pk", "sk")
    assert table["attributes"] == [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}]
    assert table["billingMode"] == "PAY_PER_REQUEST"


def test_what_is_appended_appears_on_its_stream() -> None:
    plan = planned()
    table = plan.one(TABLE, "journal")
    assert (table.inputs["streamEnabled"], table.inputs["streamViewType"]) == (True, "NEW_IMAGE")
    outputs = plan.outputs[table.parent]
    assert outputs["streamArn"].endswith("table/journal/stream/2026")
    assert outputs["tableName"] == "journal"


@pytest.mark.parametrize("retain", [True, False])
def test_one_flag_guards_it_and_it_can_always_be_recovered(retain: bool) -> None:
    table = planned(retain).one(TABLE, "journal")
    assert (table.protect, table.retain) == (retain, retain)
    assert table.inputs["deletionProtectionEnabled"] is retain
    assert table.inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 21}
    assert table.inputs["serverSideEncryption"] == {"enabled": True}
