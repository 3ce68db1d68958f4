"""Lags as everyone tells them: the operations API, the command line and the page."""

from dataclasses import asdict, fields
from typing import Any, Final

from pydantic.alias_generators import to_camel

from runtime.lag.lag import Age, Lag

_NOTHING: Final = dict.fromkeys(field.name for field in fields(Lag))


def row(found: Lag | Age) -> dict[str, Any]:
    """The members of one lag as JSON has them; null where an age has none."""
    return {to_camel(name): value for name, value in (_NOTHING | asdict(found)).items()}
