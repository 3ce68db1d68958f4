"""Whatever a stack is told: settings, or faults that each name a key."""

import json

from hypothesis import given
from hypothesis import strategies as st

from infra.errors import SettingsError
from infra.settings import Settings
from tests.fuzzing import effort
from tests.infra.test_settings import PROJECT, settings

KEYS = sorted(key for key in PROJECT["config"] if ":" not in key)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
VALUES = TEXTS | st.integers().map(str) | JSON.map(json.dumps) | st.sampled_from(["", "true"])


def told(config: dict[str, str]) -> Settings | tuple[str, ...]:
    try:
        return settings(**config)
    except SettingsError as error:
        return error.faults


@effort(25)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_any_values(config: dict[str, str]) -> None:
    found = told(config)
    if isinstance(found, Settings):
        assert (found.project, found.stack) == ("adledger", "dev")
    else:
        assert found
        for fault in found:
            assert any(f"adledger:{key} " in fault for key in KEYS), fault
