"""What one run of the Pulumi program asked of the engine, as plain Python."""

from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

UNKNOWN = "<unknown>"
SECRET = "<secret>"  # noqa: S105 - stands where a secret was.


class EngineError(Exception):
    """The program asked for something that no engine would accept, or was warned while it ran."""


@dataclass(frozen=True)
class Resource:
    """One resource as the program registered it; inputs are camelCase, in plain Python."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    """`urn::id` of its provider; empty where the default provider would serve it."""
    custom: bool
    inputs: dict[str, Any]
    secrets: frozenset[str]
    """The top-level inputs that arrived marked secret."""
    depends_on: tuple[str, ...]
    protect: bool
    retain: bool


@dataclass
class Plan:
    """What one run of the program asked of the engine."""

    resources: dict[str, Resource] = field(default_factory=dict[str, Resource])
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """By URN, of components and of the stack."""
    invokes: list[tuple[str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, dict[str, Any]]]
    )
    exports: dict[str, Any] = field(default_factory=dict[str, Any])

    def of(self, type_: str) -> list[Resource]:
        """Every resource of a type, sorted by URN."""
        return [item for _, item in sorted(self.resources.items()) if item.type == type_]

    def one(self, type_: str, name: str) -> Resource:
        """The resource of this type and name; EngineError lists what there is instead."""
        found = [resource for resource in self.of(type_) if resource.name == name]
        if len(found) != 1:
            names = ", ".join(resource.name for resource in self.of(type_)) or "none"
            raise EngineError(f"{len(found)} resources {name} of type {type_}; there are: {names}")
        return found[0]


def wire(properties: struct_pb2.Struct) -> dict[str, Any]:
    """What a request carries, with unknowns and secrets still marked as such."""
    return rpc.deserialize_properties(properties, keep_unknowns=True)


def plain(value: Any, masked: bool = False) -> Any:
    """Wire values as plain Python: keys sorted, whole floats as ints, secrets shown or masked."""
    if rpc.is_rpc_secret(value):
        return SECRET if masked else plain(value["value"])
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: plain(value[key], masked) for key in sorted(value)}
    if isinstance(value, list):
        return [plain(item, masked) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
