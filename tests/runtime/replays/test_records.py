"""Records of replays, in memory and on DynamoDB: one contract."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from runtime.replays.errors import (
    CursorError,
    ReplayKeyReusedError,
    ReplayUnavailableError,
    TargetBusyError,
    UnknownReplayError,
    WrongStatusError,
)
from runtime.replays.pieces import Piece, progress_of, split, split_beginning
from runtime.replays.ports import Records
from runtime.replays.records import ReplayTable
from runtime.replays.replay import (
    Beginning,
    Done,
    Progress,
    Replay,
    Request,
    Status,
    Target,
    dump,
    load,
    new_replay,
)
from tests.memory_replays import MemoryRecords
from tests.replay_table import replays_table_name
from tests.state_table import dynamodb

__all__ = ["dynamodb", "replays_table_name"]
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
STATE, SEARCH = Request(Target.STATE), Request(Target.SEARCH)
DONE = Done(blocks=5, revisions=4, ads=3, written=2)


def fresh(request: Request = STATE, seconds: int = 0) -> Replay:
    return new_replay(request, NOW + timedelta(seconds=seconds))


class RecordsContract:
    @pytest.fixture
    def records(self) -> Records:
        raise NotImplementedError

    def test_what_is_created_is_read(self, records: Records) -> None:
        replay = fresh(Request(Target.REPLAY_TABLE, "0" * 22, "2026-01-01T00:00:00.000Z"))
        assert records.create(replay, None) == replay
        assert records.read(replay.replay_id) == replay
        with pytest.raises(UnknownReplayError):
            records.read("20260101t000000-00000000")

    def test_a_key_gives_the_replay_it_came_with(self, records: Records) -> None:
        first = records.create(fresh(), "key")
        assert records.create(fresh(seconds=1), "key") == first
        with pytest.raises(ReplayKeyReusedError):
            records.create(fresh(SEARCH), "key")
        assert records.create(fresh(seconds=2), "another").replay_id != first.replay_id
        assert len(records.list(10).replays) == 2

    def test_many_with_one_key_at_once_are_one(self, records: Records) -> None:
        with ThreadPoolExecutor(8) as callers:
            found = list(callers.map(lambda n: records.create(fresh(seconds=n), "key"), range(8)))
        assert len({one.replay_id for one in found}) == 1

    def test_one_replay_at_a_time_makes_the_search_index_anew(self, records: Records) -> None:
        first = records.create(fresh(SEARCH), "key")
        assert records.create(fresh(SEARCH), "key") == first
        with pytest.raises(TargetBusyError, match=first.replay_id):
            records.create(fresh(SEARCH), None)
        records.create(fresh(Request(Target.SEARCH, "0" * 22)), None)
        records.create(fresh(), None)
        records.change(first.replay_id, lambda known: known.cancelled(Progress(), NOW))
        second = records.create(fresh(SEARCH, 1), None)
        with pytest.raises(TargetBusyError, match=second.replay_id):
            records.create(fresh(SEARCH, 2), None)

    def test_changes_at_once_all_count(self, records: Records) -> None:
        replay = records.create(fresh(), None)

        def tell(number: int) -> None:
            records.change(replay.replay_id, lambda known: known.told(f"fault {number}"))

        with ThreadPoolExecutor(4) as callers:
            list(callers.map(tell, range(12)))
        faults = records.read(replay.replay_id).faults
        assert set(faults) == {f"fault {number}" for number in range(12)}

    def test_a_refused_change_changes_nothing(self, records: Records) -> None:
        replay = records.create(fresh(), None)
        with pytest.raises(WrongStatusError):
            records.change(replay.replay_id, lambda known: known.succeeded(Progress(), NOW))
        assert records.read(replay.replay_id) == replay

    def test_lists_go_page_by_page_newest_first(self, records: Records) -> None:
        made = [records.create(fresh(seconds=n), None).replay_id for n in range(7)]
        seen: list[str] = []
        cursor: str | None = None
        for _ in range(10):
            page = records.list(3, cursor)
            seen += [replay.replay_id for replay in page.replays]
            cursor = page.next
            if cursor is None:
                break
        assert seen == made[::-1]
        with pytest.raises(CursorError):
            records.list(3, "nonsense")

    def test_pieces_are_done_once(self, records: Records) -> None:
        replay = records.create(fresh(), None)
        pieces = split([60, -1, 100], 5)
        assert records.pieces(replay.replay_id) == []
        records.put_pieces(replay.replay_id, pieces)
        assert list(records.pieces(replay.replay_id)) == pieces
        records.finish_piece(replay.replay_id, 3, DONE)
        records.finish_piece(replay.replay_id, 3, Done())
        assert records.piece(replay.replay_id, 3) == replace(pieces[3], done=DONE)
        progress = progress_of(records.pieces(replay.replay_id))
        assert progress == Progress(DONE, pieces_done=1, pieces=len(pieces), blocks=162)
        records.put_pieces(replay.replay_id, pieces)
        assert records.piece(replay.replay_id, 3).done is None
        with pytest.raises(UnknownReplayError):
            records.piece(replay.replay_id, 1000)

    def test_pieces_may_come_from_a_snapshot(self, records: Records) -> None:
        replay = records.create(fresh(), None)
        pieces = split_beginning((9,), 4, tips=(6,), objects=(2,), trusted=True)
        records.put_pieces(replay.replay_id, pieces)
        assert list(records.pieces(replay.replay_id)) == pieces
        assert [piece.object_no for piece in pieces] == [0, 1, None]
        without = replace(pieces[1], object_no=None, done=DONE)
        records.put_pieces(replay.replay_id, [without])
        assert records.piece(replay.replay_id, 1) == without


class TestMemoryRecords(RecordsContract):
    @pytest.fixture
    def records(self) -> Records:
        return MemoryRecords()


class TestReplayTable(RecordsContract):
    @pytest.fixture
    def records(self, dynamodb: Any, replays_table_name: str) -> Records:
        return ReplayTable(dynamodb, replays_table_name)


@pytest.mark.parametrize(
    "ask",
    [
        lambda records: records.create(fresh(), "key"),
        lambda records: records.create(fresh(SEARCH), None),
        lambda records: records.read("x"),
        lambda records: records.list(1),
        lambda records: records.pieces("x"),
        lambda records: records.piece("x", 1),
        lambda records: records.put_pieces(fresh().replay_id, split([1], 1)),
        lambda records: records.finish_piece("x", 1, DONE),
    ],
)
def test_a_table_that_does_not_answer_is_told(ask: Callable[[Records], Any]) -> None:
    client = boto3.client(
        "dynamodb",
        endpoint_url="http://127.0.0.1:1",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ReplayUnavailableError):
        ask(ReplayTable(client, "replays"))


def test_everything_about_a_replay_is_kept() -> None:
    replay = fresh(Request(Target.REPLAY_TABLE, "0" * 22, "2026-01-01T00:00:00.000Z"))
    replay = (
        replay.chosen((1, -1), Beginning("000001", (0, -1), (2, 0)), "")
        .planned(0, NOW)
        .told("one")
        .told("one")
        .told("two")
        .completing()
    )
    replay = replay.succeeded(Progress(DONE, 1, 2, 3), NOW)
    assert load(dump(replay)) == replay
    assert (replay.status, replay.faults) == (Status.SUCCEEDED, ("one", "two"))
    distrusted = replay.distrusted("damaged")
    assert load(dump(distrusted)) == distrusted
    assert distrusted.beginning == Beginning("000001", (0, -1), (2, 0), trusted=False)


def test_pieces_cover_every_block_once_and_are_never_too_many() -> None:
    pieces = split([10, -1, 0, 7], 4)
    assert [(one.shard, one.first, one.last) for one in pieces] == [
        *((0, 0, 3), (0, 4, 7), (0, 8, 10)),
        *((2, 0, 0), (3, 0, 3), (3, 4, 7)),
    ]
    assert [piece.number for piece in pieces] == list(range(6))
    large = split([10**9, 5], 100)
    assert len(large) <= 10_000
    assert sum(piece.blocks for piece in large) == 10**9 + 1 + 6
    assert Piece(0, 3, -1, -1).blocks == 1
