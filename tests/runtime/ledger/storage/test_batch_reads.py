"""Items are read by their keys however few of them DynamoDB gives at a time."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.ledger.errors import UnavailableError
from runtime.ledger.storage.batch_reads import CALLS_MAX, items_at

KEYS: list[dict[str, Any]] = [{"pk": {"S": "p"}, "sk": {"S": f"{n:03d}"}} for n in range(20)]
REFUSED: Any = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}


class MeanTable:
    """Has every other item, and gives a few at a time."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.calls: list[dict[str, Any]] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        asked = request["RequestItems"]["journal"]
        self.calls.append(asked)
        now, later = asked["Keys"][: self.at_once], asked["Keys"][self.at_once :]
        answer = {"Responses": {"journal": [key for key in now if int(key["sk"]["S"]) % 2 == 0]}}
        left = {"UnprocessedKeys": {"journal": {**asked, "Keys": later}}} if later else {}
        return answer | left


def read(table: MeanTable, waits: list[float]) -> list[dict[str, Any]]:
    return items_at(table, "journal", KEYS, "pk, sk", what="them", sleep=waits.append)


def test_what_is_left_out_is_asked_for_again() -> None:
    table, waits = MeanTable(7), list[float]()
    assert read(table, waits) == KEYS[::2]
    assert [len(asked["Keys"]) for asked in table.calls] == [20, 13, 6]
    assert all(asked["ConsistentRead"] is True for asked in table.calls)
    assert len(waits) == 2


def test_it_ends_when_something_is_always_left_out() -> None:
    table = MeanTable(1)
    with pytest.raises(UnavailableError, match="cannot read them: DynamoDB left out 12 of 20"):
        read(table, [])
    assert len(table.calls) == CALLS_MAX


def test_nothing_is_asked_for_without_keys() -> None:
    table = MeanTable(1)
    assert items_at(table, "journal", [], "pk, sk", what="nothing") == []
    assert table.calls == []


def test_a_refusal_names_what_was_read() -> None:
    class Refusing(MeanTable):
        def batch_get_item(self, **_: Any) -> dict[str, Any]:
            raise ClientError(REFUSED, "BatchGetItem")

    with pytest.raises(UnavailableError, match="cannot read them, the outcome is unknown"):
        read(Refusing(1), [])
