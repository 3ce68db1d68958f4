"""The replay table: entries by replay and ad, apart from each other's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.replays.entries import Entries, beside
from runtime.replays.errors import CursorError, ReplayUnavailableError
from runtime.replays.replay import Request, Target, new_replay
from runtime.state.bulk import BulkWriter
from tests.journal_blocks import ad_id_of, ad_revision
from tests.replay_table import entries_table_name
from tests.state_table import dynamodb

__all__ = ["dynamodb", "entries_table_name"]
REPLAYS = [new_replay(Request(Target.REPLAY_TABLE), datetime.now(UTC)) for _ in range(2)]


def test_each_replay_has_its_own_entries(dynamodb: Any, entries_table_name: str) -> None:
    ads = [ad_revision(ad_id_of(n), n % 2, deleted=n == 3) for n in range(7)]
    for replay, some in zip(REPLAYS, (ads, ads[:2]), strict=True):
        BulkWriter(dynamodb, entries_table_name, beside(replay)).put_all(some)
    entries = Entries(dynamodb, entries_table_name)
    first, second = (replay.replay_id for replay in REPLAYS)
    assert entries.read(first, ad_id_of(3)) == ads[3]
    assert entries.read(second, ad_id_of(3)) is None
    assert list(entries.list(second, 10).revisions) == ads[:2]
    page = entries.list(first, 5)
    assert page.next is not None
    rest = entries.list(first, 5, page.next)
    assert [*page.revisions, *rest.revisions] == ads
    for cursor in ("nonsense", page.next):
        with pytest.raises(CursorError):
            entries.list(second, 5, cursor)


def test_an_older_revision_does_not_replace_a_newer(dynamodb: Any, entries_table_name: str) -> None:
    writer = BulkWriter(dynamodb, entries_table_name, beside(REPLAYS[0]))
    old, new = ad_revision(version=1), ad_revision(version=2)
    assert [writer.put_all([one]).count for one in (new, old)] == [1, 0]
    entries = Entries(dynamodb, entries_table_name)
    assert entries.read(REPLAYS[0].replay_id, new.ad_id) == new


def test_a_missing_table_is_told(dynamodb: Any) -> None:
    with pytest.raises(ReplayUnavailableError, match="nowhere"):
        Entries(dynamodb, "nowhere").read("x", "y")
