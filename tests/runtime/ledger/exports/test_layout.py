"""Keys are those that QLDB's guide shows and programs that read exports put together."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runtime.ledger.exports.layout import (
    DataKey,
    data_key,
    final_manifest_key,
    parsed,
    start_manifest_key,
)

STRAND = "JdxjkR9bSYB5jMHWcI464T"
ID = "8UyXulxccYLAsbN1aon7e4"


@pytest.mark.parametrize(
    ("prefix", "begin"),
    [("", ""), ("journalExport", "journalExport/"), ("a/b/", "a/b/"), ("/", "/"), ("a//", "a//")],
)
def test_a_slash_is_added_to_a_prefix_only_where_it_lacks(prefix: str, begin: str) -> None:
    assert start_manifest_key(prefix, ID) == f"{begin}{ID}.started.manifest"
    assert final_manifest_key(prefix, ID, STRAND) == f"{begin}{ID}.{STRAND}.completed.manifest"
    moment = datetime(2019, 4, 15, 22, 59, 59, 999000, tzinfo=UTC)
    key = data_key(prefix, moment, DataKey(STRAND, 1, 4), "ion")
    assert key == f"{begin}2019/04/15/22/{STRAND}.1-4.ion"


def test_the_hour_is_in_utc() -> None:
    moment = datetime(2020, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    key = data_key("", moment, DataKey(STRAND, 0, 0), "json")
    assert key == f"2019/12/31/23/{STRAND}.0-0.json"


def test_what_a_key_says_is_read_again() -> None:
    for prefix in ("", "a", "a.b/c"):
        key = data_key(prefix, datetime(2020, 1, 1, tzinfo=UTC), DataKey(STRAND, 10, 12), "ion")
        assert parsed(key) == DataKey(STRAND, 10, 12)


@pytest.mark.parametrize(
    "key", ["", "a", f"{STRAND}.1-4.ion", "2019/04/15/22/x.1.ion", "2019/04/15/x.1-4.ion"]
)
def test_other_keys_say_nothing(key: str) -> None:
    assert parsed(key) is None
