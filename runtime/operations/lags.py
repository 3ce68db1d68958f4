"""Lags over HTTP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Protocol

from aws_lambda_powertools.event_handler import Response
from pydantic import Field
from pydantic.alias_generators import to_camel

from runtime.lag.lag import Lag
from runtime.web.ad_bodies import Body
from runtime.web.api import Api, answer
from runtime.web.operation import Answer

LAG = "/lag"
BLOCKS = 200
"""The newest of each ledger, which are looked at."""


class LagMeter(Protocol):
    """What measures lags."""

    def measure(self, blocks: int) -> Sequence[Lag]:
        """Each projection's lag behind each ledger."""
        ...


class LagBody(Body):
    """How far one projection is behind one ledger."""

    projection: str
    ledger: str
    head: Annotated[int, Field(ge=-1)]
    """The newest block; -1 for an empty ledger."""
    applied: Annotated[int, Field(ge=-1)]
    """The newest block up to which nothing is lacking."""
    blocks: Annotated[int, Field(ge=0)]
    ads: Annotated[int, Field(ge=0)]
    """How many ads it has an older version of, or lacks."""
    seconds: Annotated[float, Field(ge=0)]
    """Since the first block was committed of which something is lacking."""
    at_least: bool
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
        return answer(200, {"items": [_body(lag) for lag in lags().measure(BLOCKS)]})


def _body(lag: Lag) -> Mapping[str, Any]:
    """A LagBody."""
    return {to_camel(name): value for name, value in asdict(lag).items()}
