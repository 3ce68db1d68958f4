"""Replays, what runs them and what they write to, kept in memory."""

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from runtime.ads.cursor import pack, unpack
from runtime.ads.revision import AdRevision
from runtime.replay.destinations import Projected
from runtime.replay.steps import Steps
from runtime.replays.errors import (
    CursorError,
    ReplayKeyReusedError,
    ReplayUnavailableError,
    TargetBusyError,
    UnknownReplayError,
)
from runtime.replays.pieces import Piece
from runtime.replays.ports import Execution, Page
from runtime.replays.replay import ENDED, Change, Done, Replay


class MemoryRecords:
    """Replays and pieces in dictionaries; threads may share them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.replays: dict[str, Replay] = {}
        self.keys: dict[str, str] = {}
        self._pieces: dict[str, dict[int, Piece]] = {}

    def create(self, replay: Replay, key: str | None) -> Replay:
        with self._lock:
            if key in self.keys:
                earlier = self.replays[self.keys[key]]
                if earlier.request != replay.request:
                    raise ReplayKeyReusedError(key)
                return earlier
            for other in self.replays.values():
                same = replay.request.rebuilds and other.request == replay.request
                if same and other.status not in ENDED:
                    raise TargetBusyError(other.replay_id)
            if key is not None:
                self.keys[key] = replay.replay_id
            self.replays[replay.replay_id] = replay
            return replay

    def read(self, replay_id: str) -> Replay:
        with self._lock:
            if replay_id not in self.replays:
                raise UnknownReplayError(replay_id)
            return self.replays[replay_id]

    def change(self, replay_id: str, change: Change) -> Replay:
        with self._lock:
            self.replays[replay_id] = change(self.read(replay_id))
            return self.replays[replay_id]

    def list(self, limit: int, cursor: str | None = None) -> Page:
        ids = sorted(self.replays, reverse=True)
        try:
            first = 0 if cursor is None else ids.index(unpack(cursor)[0]) + 1
        except ValueError as error:
            message = "The cursor is not one of this list. Begin without a cursor."
            raise CursorError(message) from error
        page = ids[first : first + limit]
        more = first + limit < len(ids)
        return Page([self.replays[one] for one in page], pack(page[-1]) if more else None)

    def put_pieces(self, replay_id: str, pieces: Iterable[Piece]) -> None:
        with self._lock:
            known = self._pieces.setdefault(replay_id, {})
            known.update((piece.number, piece) for piece in pieces)

    def pieces(self, replay_id: str) -> Sequence[Piece]:
        with self._lock:
            return list(self._pieces.get(replay_id, {}).values())

    def piece(self, replay_id: str, number: int) -> Piece:
        with self._lock:
            if number not in self._pieces.get(replay_id, {}):
                raise UnknownReplayError(f"{replay_id}, piece {number}")
            return self._pieces[replay_id][number]

    def finish_piece(self, replay_id: str, number: int, done: Done) -> None:
        with self._lock:
            piece = self.piece(replay_id, number)
            if piece.done is None:
                self._pieces[replay_id][number] = replace(piece, done=done)


@dataclass
class MemoryTarget:
    """The newest revision of every ad that was projected; refuses where `fails` says so."""

    ads: dict[str, AdRevision] = field(default_factory=dict)
    fails: Callable[[], bool] = lambda: False
    refused: frozenset[str] = frozenset()
    calls: int = 0
    events: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What others do after the pieces and before the target is put in place."""

    def prepare(self) -> bool:
        self.events.append("prepare")
        return False

    def project(self, ads: Sequence[AdRevision]) -> Projected:
        self.calls += 1
        assert len({one.ad_id for one in ads}) == len(ads)
        if self.fails():
            return Projected(unavailable={ads[0].ad_id: "throttled"})
        written = 0
        for one in ads:
            known = self.ads.get(one.ad_id)
            if one.ad_id not in self.refused and (known is None or known.version < one.version):
                self.ads[one.ad_id] = one
                written += 1
        return Projected(written, dict.fromkeys(self.refused, "too long"))

    def complete(self, catch_up: Callable[[], None]) -> None:
        self.meanwhile()
        catch_up()
        self.events.append("complete")

    def abandon(self) -> None:
        self.events.append("abandon")


class MemoryMachine:
    """Runs an attempt when told to: pieces in any order, some of them twice, each tried again."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self.started: list[tuple[str, int]] = []
        self.running: set[tuple[str, int]] = set()
        self.forgotten: set[tuple[str, int]] = set()
        """Attempts that are not told of: not yet, or no more."""
        self.asked = 0
        self.down = False
        self._chance = chance or random.Random(0)

    def start(self, replay: Replay) -> None:
        if self.down:
            raise ReplayUnavailableError("states of arn:secret do not answer")
        attempt = (replay.replay_id, replay.attempt)
        if attempt not in self.started:
            self.started.append(attempt)
            self.running.add(attempt)

    def execution(self, replay: Replay) -> Execution:
        self.asked += 1
        attempt = (replay.replay_id, replay.attempt)
        if attempt in self.forgotten or attempt not in self.started:
            return Execution.UNKNOWN
        return Execution.RUNS if attempt in self.running else Execution.ENDED

    def run(self, steps: Steps, *, pieces_max: int | None = None) -> None:
        """Run the newest attempt, or only so many of its pieces, and then be lost."""
        replay_id, attempt = self.started[-1]
        try:
            numbers = steps.plan(replay_id, attempt)
            numbers += [number for number in numbers if self._chance.random() < 0.2]
            self._chance.shuffle(numbers)
            for number in numbers[:pieces_max]:
                steps.piece(replay_id, attempt, number)
            if pieces_max is None:
                steps.finish(replay_id, attempt)
        except Exception as error:
            steps.fail(replay_id, attempt, repr(error))
        finally:
            self.running.discard((replay_id, attempt))
