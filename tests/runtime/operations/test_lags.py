"""Lags over HTTP: what is told, and what is said when it cannot be told."""

from collections.abc import Sequence
from typing import NoReturn

import pytest

from runtime.lag.errors import ForeignRecordError, RefusedError, UnreachedError
from runtime.lag.lag import Age, Lag
from runtime.ledger.errors import UnavailableError
from runtime.operations.api import operations
from runtime.operations.lags import BLOCKS
from runtime.search_index.errors import IndexUnavailableError
from runtime.state.errors import StateUnavailableError
from tests.http_calls import Caller

LATE = Lag("search", "ads-1", 9, 6, 3, 2, 1.25, at_least=True)


class MemoryMeter:
    """Lags that are known, or a reason why they are not."""

    def __init__(self, lags: Sequence[Lag | Age] = (), failure: Exception | None = None) -> None:
        self.lags, self.failure, self.asked = lags, failure, [0]

    def measure(self, blocks: int) -> Sequence[Lag | Age]:
        self.asked.append(blocks)
        if self.failure:
            raise self.failure
        return self.lags


def unasked() -> NoReturn:
    raise AssertionError("lags ask for nothing else")


def caller(meter: MemoryMeter) -> Caller:
    return Caller(operations(unasked, unasked, unasked, lambda: meter))


def test_every_lag_is_told() -> None:
    meter = MemoryMeter([LATE, Age("events", 2.5)])
    answer = caller(meter)("GET", "/lag")
    assert answer.status == 200
    assert answer.body == {
        "items": [
            {
                "projection": "search",
                "ledger": "ads-1",
                "head": 9,
                "applied": 6,
                "blocks": 3,
                "ads": 2,
                "seconds": 1.25,
                "atLeast": True,
            },
            {
                "projection": "events",
                "ledger": None,
                "head": None,
                "applied": None,
                "blocks": None,
                "ads": None,
                "seconds": 2.5,
                "atLeast": None,
            },
        ]
    }
    assert meter.asked[-1] == BLOCKS


@pytest.mark.parametrize(
    "failure",
    [
        *(UnavailableError, IndexUnavailableError, StateUnavailableError),
        *(RefusedError, UnreachedError),
    ],
)
def test_a_store_that_does_not_answer_is_503(failure: type[Exception]) -> None:
    answer = caller(MemoryMeter(failure=failure("away")))("GET", "/lag")
    assert (answer.status, answer.problem) == (503, "unavailable")


def test_a_record_that_is_none_of_ours_is_damage() -> None:
    answer = caller(MemoryMeter(failure=ForeignRecordError("whose?")))("GET", "/lag")
    assert (answer.status, answer.problem) == (500, "damaged")


def test_the_description_has_lags() -> None:
    document = caller(MemoryMeter())("GET", "/openapi.json").body
    assert "/lag" in document["paths"]
