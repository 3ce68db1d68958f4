"""Components as others would use them: every one, and every input and output, is described."""

import inspect
import json
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.component import ComponentProvider

import infra

COMPONENTS = [
    value
    for name in infra.__all__
    if inspect.isclass(value := getattr(infra, name))
    and issubclass(value, pulumi.ComponentResource)
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    schema = ComponentProvider(COMPONENTS, name="adledger").schema
    assert schema
    return json.loads(schema)


def test_there_is_a_component_for_each_part_of_the_system(schema: dict[str, Any]) -> None:
    assert sorted(schema["resources"]) == [
        f"adledger:index:{name}"
        for name in (
            *("Api", "EventBus", "JournalStream", "Ledger", "Page", "PartnerQueue"),
            *("Replay", "SearchAccess", "SearchDomain", "SnapshotBucket", "Snapshots"),
            *("StateStore", "Worker"),
        )
    ]


def test_everything_is_described(schema: dict[str, Any]) -> None:
    silent: list[str] = []
    for name, resource in schema["resources"].items():
        for kind in ("inputProperties", "properties"):
            for key, entry in resource[kind].items():
                silent += [] if entry.get("description") else [f"{name} {kind} {key}"]
        silent += [] if resource.get("description") else [name]
    for name, type_ in schema["types"].items():
        for key, entry in type_["properties"].items():
            silent += [] if entry.get("description") else [f"{name} {key}"]
    assert silent == []


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_can_be_hosted(component: type[pulumi.ComponentResource]) -> None:
    signature = inspect.signature(component.__init__)
    assert list(signature.parameters) == ["self", "name", "args", "opts"]
    assert signature.parameters["args"].annotation.__name__ == f"{component.__name__}Args"


def test_what_is_public_is_listed_and_nothing_else() -> None:
    listed = infra.__all__
    assert listed == sorted(listed)
    assert {f"{component.__name__}Args" for component in COMPONENTS} <= set(listed)
