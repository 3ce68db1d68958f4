"""OpenAPI 3.1, generated from the operations that also parse the requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from runtime.web.operation import Answer, Operation
from runtime.web.problem import (
    BROKEN_JSON,
    INTERNAL,
    INVALID,
    MEDIA_TYPE,
    NOT_FOUND,
    TOO_LARGE,
    TYPE_PREFIX,
    UNAVAILABLE,
    Kind,
)

OPENAPI_VERSION = "3.1.0"
REFERENCE = "#/components/schemas/{model}"
LOCATIONS = {"path": "path", "query": "query", "headers": "header"}
Schema = dict[str, Any]


class FaultBody(BaseModel):
    """One thing wrong with a request."""

    field: str
    """Dotted where it is inside another; empty for the whole."""
    message: str


class ProblemBody(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[FaultBody]


def document(title: str, version: str, operations: Iterable[Operation]) -> Schema:
    """The description of an API that consists of these operations."""
    known = list(operations)
    paths: dict[str, Schema] = {}
    for operation in known:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": _schemas(known)},
    }


def _operation(operation: Operation) -> Schema:
    described: Schema = {
        "operationId": operation.function.__name__,
        "summary": operation.summary,
        "parameters": [
            parameter
            for source, location in LOCATIONS.items()
            if source in operation.inputs
            for parameter in _parameters(operation.inputs[source], location)
        ],
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.answers.items()},
            **_problems(operation),
        },
    }
    if "body" in operation.inputs:
        schema = _reference(operation.inputs["body"])
        described["requestBody"] = {"required": True, "content": _json(schema)}
    return described


def _parameters(model: type[BaseModel], location: str) -> Iterator[Schema]:
    schema = model.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    for name, property_ in schema["properties"].items():
        value = _plain(property_)
        about = {"description": value.pop("description")} if "description" in value else {}
        yield {
            "name": name,
            "in": location,
            "required": name in required,
            **about,
            "schema": value,
        }


def _answer(answer: Answer) -> Schema:
    described: Schema = {"description": answer.description}
    if answer.headers:
        described["headers"] = {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in answer.headers.items()
        }
    if answer.model is not None:
        described["content"] = _json(_reference(answer.model))
    return described


def _problems(operation: Operation) -> dict[str, Schema]:
    """The problems by status: its own, and those that any operation like it can end in."""
    kinds = [*operation.problems, INTERNAL, UNAVAILABLE]
    if operation.inputs:
        kinds.append(INVALID)
    if "path" in operation.inputs:
        # Of a part that no path can have, such as a control character.
        kinds.append(NOT_FOUND)
    if "body" in operation.inputs:
        kinds += [BROKEN_JSON, TOO_LARGE]
    by_status: dict[int, list[Kind]] = {}
    for kind in dict.fromkeys(sorted(kinds, key=lambda kind: kind.status)):
        by_status.setdefault(kind.status, []).append(kind)
    return {str(status): _problem(kinds) for status, kinds in by_status.items()}


def _problem(kinds: Sequence[Kind]) -> Schema:
    types = ", ".join(f"`{TYPE_PREFIX}{kind.name}`" for kind in kinds)
    return {
        "description": f"{'; or '.join(kind.title for kind in kinds)}: {types}",
        "content": {MEDIA_TYPE: {"schema": _reference(ProblemBody)}},
    }


def _schemas(operations: Sequence[Operation]) -> Mapping[str, Schema]:
    inputs = [o.inputs["body"] for o in operations if "body" in o.inputs]
    answers = [a.model for o in operations for a in o.answers.values() if a.model is not None]
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in dict.fromkeys(inputs)),
        *((model, "serialization") for model in dict.fromkeys([*answers, ProblemBody])),
    ]
    _, schema = models_json_schema(modes, ref_template=REFERENCE)
    return {name: _plain(definition) for name, definition in sorted(schema["$defs"].items())}


def _plain(value: Any) -> Any:
    """The schema without generated titles, and without the null that only stands for `not sent`."""
    if isinstance(value, list):
        return [_plain(member) for member in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    members = cast(Schema, value).items()
    plain = {k: _plain(v) for k, v in members if k != "title" or not isinstance(v, str)}
    if plain.get("default", ...) is None:
        del plain["default"]
        alternatives = [one for one in plain.get("anyOf", []) if one != {"type": "null"}]
        if len(alternatives) == 1:
            del plain["anyOf"]
            plain |= alternatives[0]
    return plain


def _reference(model: type[BaseModel]) -> Schema:
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
