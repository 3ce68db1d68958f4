"""Settings come from the environment, and everything that is missing is named at once."""

from collections.abc import Callable

import pytest

from runtime.ads.environment import SettingsError, required
from runtime.project_search import settings as search
from runtime.project_state import settings as state
from runtime.publish_journal import settings as publish

COMPLETE = {
    "STATE_TABLE": "state",
    "SEARCH_ENDPOINT": "https://search.example.com",
    "SEARCH_INDEX": "ads",
    "JOURNAL_TABLE": "journal",
    "STREAM_NAME": "stream",
    "QLDB_STREAM_ARN": "arn:aws:qldb:eu-west-1:123456789012:stream/ads/x",
}


def test_values_come_in_the_order_asked_for() -> None:
    assert required("STREAM_NAME", "STATE_TABLE", environment=COMPLETE) == ("stream", "state")


def test_every_missing_name_is_in_the_error() -> None:
    with pytest.raises(SettingsError, match="missing: SEARCH_ENDPOINT, SEARCH_INDEX;"):
        search.read_settings({"SEARCH_INDEX": ""})


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (state.read_settings, state.Settings("state")),
        (search.read_settings, search.Settings("https://search.example.com", "ads")),
        (
            publish.read_settings,
            publish.Settings("journal", "stream", COMPLETE["QLDB_STREAM_ARN"]),
        ),
    ],
)
def test_each_worker_reads_its_own(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], expected: object
) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    assert read() == expected
    for name in COMPLETE:
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError):
        read()
