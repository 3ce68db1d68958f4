"""Lags over HTTP."""

from collections.abc import Callable, Sequence
from typing import Annotated, Protocol

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from runtime.lag.lag import Age, Lag
from runtime.lag.rows import row
from runtime.web.ad_bodies import Body
from runtime.web.api import Api, answer
from runtime.web.operation import Answer

LAG = "/lag"
BLOCKS = 200
"""The newest of each ledger, which are looked at."""


class LagMeter(Protocol):
    """What measures lags."""

    def measure(self, blocks: int) -> Sequence[Lag | Age]:
        """Each projection's lag behind each ledger, and each other consumer's age."""
        ...


class LagBody(Body):
    """How far one projection, or the stream, is behind one ledger.

    Of who leaves nothing behind that could be asked there are only seconds: how old the changes
    were that it was given last.
    """

    projection: str
    ledger: str | None
    """null: of all ledgers, and only seconds are known."""
    head: Annotated[int, Field(ge=-1)] | None
    """The newest block; -1 for an empty ledger."""
    applied: Annotated[int, Field(ge=-1)] | None
    """The newest block up to which nothing is lacking."""
    blocks: Annotated[int, Field(ge=0)] | None
    ads: Annotated[int, Field(ge=0)] | None
    """How many ads it has an older version of, or lacks."""
    seconds: Annotated[float, Field(ge=0)] | None
    """Since the first block was committed of which something is lacking. Of an age: null where
    nothing was given in the last ten minutes."""
    at_least: bool | None
    """Whether it lacks something of the first block that was looked at, so perhaps more."""


class LagsBody(Body):
    """Every projection behind every ledger."""

    items: list[LagBody]


def add_routes(api: Api, lags: Callable[[], LagMeter]) -> None:
    """Register what operators can ask of lags."""

    @api.route(
        "GET",
        LAG,
        summary="How far each projection is behind each ledger",
        answers={200: Answer("The lags, by ledger and projection", LagsBody)},
    )
    def measure_lag() -> Response[str]:
        return answer(200, {"items": [row(lag) for lag in lags().measure(BLOCKS)]})
