"""The provider: one region, named accounts, and tags on everything."""

import dataclasses
import json
from typing import Any

from infra.provider import provider
from infra.settings import read
from tests.infra.plans import component


def inputs(**changes: Any) -> dict[str, Any]:
    plan = component(lambda: provider(dataclasses.replace(read(), **changes)))
    (found,) = plan.of("pulumi:providers:aws")
    return found.inputs


def test_it_keeps_to_the_region_and_to_the_accounts_that_are_named() -> None:
    found = inputs(region="eu-north-1", account_ids=("123456789012",))
    assert found["region"] == "eu-north-1"
    assert json.loads(found["allowedAccountIds"]) == ["123456789012"]


def test_any_account_will_do_where_none_is_named() -> None:
    assert "allowedAccountIds" not in inputs()


def test_it_tags_everything_with_the_project_the_stack_and_the_stacks_own() -> None:
    found = inputs(tags={"owner": "ads", "project": "renamed"})
    assert json.loads(found["defaultTags"]) == {
        "tags": {"project": "renamed", "stack": "dev", "managed-by": "pulumi", "owner": "ads"}
    }
