"""From what arrived to a request's parameters, checked by shape; every fault is named."""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from runtime.ledger.server.errors import InvalidParameterError, RequestFormError

FAULTS_NAMED_MAX = 50
"""Faults beyond these are counted only."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

Shapes = Mapping[str, Mapping[str, Any]]


def json_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object, an empty one when it is empty; RequestFormError otherwise."""
    if not body:
        return {}
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RequestFormError(f"the body is not JSON: {_short(error)}") from error
    if not isinstance(value, dict):
        raise RequestFormError("the body must be a JSON object")
    return cast("dict[str, Any]", value)


def blob(text: str) -> bytes:
    """Base64 as every SDK writes it; ValueError for anything else."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("must be base64") from error


def parameters(
    shapes: Shapes,
    request: str,
    *,
    labels: Mapping[str, str],
    query: Mapping[str, Sequence[str]],
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """A request's parameters by member name; InvalidParameterError naming every fault."""
    shape = shapes[request]
    sent: dict[str, Any] = {}
    known: set[str] = set()
    for name, member in shape["members"].items():
        place, key = member.get("location"), member.get("locationName", name)
        if place == "uri":
            sent[name] = labels.get(key)
        elif place == "querystring":
            sent[name] = _from_query(shapes[member["shape"]], query.get(key))
        else:
            known.add(name)
            sent[name] = body.get(name)
    decoder = _Decoder(shapes)
    for stray in body.keys() - known:
        decoder.fault(stray, "is not a member of this request")
    decoded = decoder.structure(shape, {k: v for k, v in sent.items() if v is not None}, "")
    decoder.check()
    return decoded


def has_body(shapes: Shapes, request: str) -> bool:
    """Whether the request has any member that travels in the body."""
    return any("location" not in member for member in shapes[request]["members"].values())


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:200]


def _from_query(shape: Mapping[str, Any], values: Sequence[str] | None) -> Any:
    if not values:
        return None
    if shape["type"] == "list":
        return list(values)
    text = values[-1]
    if shape["type"] == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text


@dataclass(slots=True)
class _Decoder:
    """Decodes values by shape and keeps what is wrong with them."""

    shapes: Shapes
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def fault(self, where: str, what: str) -> None:
        self.faults.append((where, what))

    def check(self) -> None:
        if not self.faults:
            return
        named = "; ".join(f"{where} {what}" for where, what in self.faults[:FAULTS_NAMED_MAX])
        rest = len(self.faults) - FAULTS_NAMED_MAX
        more = f"; and {rest} more" if rest > 0 else ""
        raise InvalidParameterError(
            f"{len(self.faults)} fault(s) in the request: {named}{more}", self.faults[0][0]
        )

    def decode(self, shape_name: str, value: Any, where: str) -> Any:
        shape = self.shapes[shape_name]
        return _DECODERS[shape["type"]](self, shape, value, where)

    def structure(self, shape: Mapping[str, Any], value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fault(where, "must be a structure")
            return {}
        members, prefix = shape["members"], f"{where}." if where else ""
        given = {k: v for k, v in cast("dict[str, Any]", value).items() if v is not None}
        for name in shape.get("required", ()):
            if name not in given:
                self.fault(prefix + name, "is missing")
        for name in given.keys() - members.keys():
            self.fault(prefix + name[:100], "is not a member of this request")
        return {
            name: self.decode(members[name]["shape"], item, prefix + name)
            for name, item in given.items()
            if name in members
        }

    def sequence(self, shape: Mapping[str, Any], value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            self.fault(where, "must be a list")
            return []
        items = cast("list[Any]", value)
        self._bounds(shape, len(items), where, "items")
        member = shape["member"]["shape"]
        return [self.decode(member, item, f"{where}[{i}]") for i, item in enumerate(items)]

    def mapping(self, shape: Mapping[str, Any], value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fault(where, "must be a map")
            return {}
        entries = cast("dict[str, Any]", value)
        self._bounds(shape, len(entries), where, "entries")
        key_shape, value_shape = shape["key"]["shape"], shape["value"]["shape"]
        return {
            self.decode(key_shape, key, f"{where} key '{key[:130]}'"): self.decode(
                value_shape, item, f"{where}['{key[:130]}']"
            )
            for key, item in entries.items()
        }

    def string(self, shape: Mapping[str, Any], value: Any, where: str) -> str:
        if not isinstance(value, str):
            self.fault(where, "must be a string")
            return ""
        self._bounds(shape, len(value), where, "characters")
        allowed = shape.get("enum")
        if allowed is not None and value not in allowed:
            self.fault(where, f"must be one of {', '.join(allowed)}")
        pattern = shape.get("pattern")
        if pattern is not None and not re.fullmatch(pattern, value):
            self.fault(where, f"must match {pattern}")
        return value

    def blob(self, shape: Mapping[str, Any], value: Any, where: str) -> bytes:
        try:
            decoded = blob(self.string({}, value, where))
        except ValueError as error:
            self.fault(where, str(error))
            return b""
        self._bounds(shape, len(decoded), where, "bytes")
        return decoded

    def boolean(self, _: Mapping[str, Any], value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            self.fault(where, "must be true or false")
        return value is True

    def integer(self, shape: Mapping[str, Any], value: Any, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(where, "must be an integer")
            return 0
        low, high = shape.get("min", -(2**31)), shape.get("max", 2**31 - 1)
        if not low <= value <= high:
            self.fault(where, f"must be {low} to {high}")
        return value

    def timestamp(self, _: Mapping[str, Any], value: Any, where: str) -> datetime:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                if math.isfinite(value):
                    return datetime.fromtimestamp(value, UTC)
            except (OverflowError, ValueError, OSError):
                pass
        self.fault(where, "must be a number of seconds since 1970, in the years 1 to 9999")
        return datetime.fromtimestamp(0, UTC)

    def _bounds(self, shape: Mapping[str, Any], size: int, where: str, unit: str) -> None:
        low, high = shape.get("min", 0), shape.get("max")
        if size < low or (high is not None and size > high):
            span = f"at least {low}" if high is None else f"{low} to {high}"
            self.fault(where, f"must have {span} {unit}, not {size}")


_DECODERS: Mapping[str, Callable[[_Decoder, Mapping[str, Any], Any, str], Any]] = {
    "structure": _Decoder.structure,
    "list": _Decoder.sequence,
    "map": _Decoder.mapping,
    "string": _Decoder.string,
    "blob": _Decoder.blob,
    "boolean": _Decoder.boolean,
    "integer": _Decoder.integer,
    "timestamp": _Decoder.timestamp,
}
