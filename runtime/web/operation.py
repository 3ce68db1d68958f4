"""What one route takes and gives: read off its function, for parsing and for OpenAPI alike."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel, ValidationError

from runtime.ads.faults import Fault, bounded, explain
from runtime.web.problem import BAD_HEADER, INVALID, Kind, ProblemError
from runtime.web.request import (
    Event,
    Values,
    body_values,
    header_values,
    path_values,
    query_values,
)

Function = Callable[..., Response[str]]
SOURCES = ("path", "query", "headers", "body")
"""A route's function names its parameters for where they come from, and types them with a model."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One way for an operation to succeed."""

    description: str
    model: type[BaseModel] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Descriptions by name."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    method: str
    path: str
    """With parameters in braces, as in OpenAPI."""
    function: Function
    inputs: Mapping[str, type[BaseModel]]
    summary: str
    answers: Mapping[int, Answer]
    problems: Sequence[Kind]

    @property
    def rule(self) -> str:
        """The path as the resolver spells it."""
        return self.path.replace("{", "<").replace("}", ">")

    def call(self, arguments: Mapping[str, str], event: Event) -> Response[str]:
        """Run the function on the request's inputs; ProblemError naming every fault of them."""
        values: dict[str, BaseModel] = {}
        faults: dict[str, list[Fault]] = {}
        for source, model in self.inputs.items():
            found, wrong = _values(source, arguments, event)
            try:
                values[source] = model.model_validate(found)
            except ValidationError as error:
                wrong = [*wrong, *explain(error)]
            if wrong:
                faults[source] = wrong
        if faults:
            raise _refusal(faults)
        return self.function(**values)


def inputs_of(function: Function) -> Mapping[str, type[BaseModel]]:
    """The models of a route's function by source."""
    hints: Mapping[str, Any] = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    strange = set(names) - set(SOURCES)
    if strange:
        raise TypeError(f"{function.__name__} takes {sorted(strange)}; a route takes {SOURCES}")
    return {name: hints[name] for name in names}


def _values(source: str, arguments: Mapping[str, str], event: Event) -> Values:
    match source:
        case "path":
            return path_values(arguments)
        case "query":
            return query_values(event)
        case "headers":
            return header_values(event)
        case _:
            return body_values(event)


def _refusal(faults: Mapping[str, list[Fault]]) -> ProblemError:
    every = bounded(fault for source in faults.values() for fault in source)
    kind = BAD_HEADER if set(faults) == {"headers"} else INVALID
    subject = "1 fault" if len(every) == 1 else f"{len(every)} faults"
    return ProblemError(kind, f"Nothing was done: {subject} in {_listed(faults)}.", every)


def _listed(sources: Iterable[str]) -> str:
    return " and ".join(f"the {source}" for source in sources)
