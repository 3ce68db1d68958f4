"""What an operator can do with replays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.replays.errors import WrongStatusError
from runtime.replays.pieces import progress_of
from runtime.replays.ports import Execution, Machine, Records
from runtime.replays.replay import (
    ACTIVE,
    Progress,
    Replay,
    Request,
    Status,
    new_replay,
)

PERCENT_DECIMALS = 1
VISIBLE_S_MAX = 30.0
"""An execution that is not told of so long after it was asked for was lost, or never began."""
LOOKED_AFTER_MAX = 10
"""Replays of one list whose executions are asked for, a call each: those that began first."""


@dataclass(frozen=True, slots=True)
class View:
    """A replay and how far it is."""

    replay: Replay
    progress: Progress
    percent: float
    blocks_per_s: float
    """Of this attempt; 0 before its first piece is done."""
    remaining_s: float | None
    """Until all pieces are done, at that rate; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class ViewPage:
    """Some replays, newest first, and the cursor behind them; None at the end."""

    views: Sequence[View]
    next: str | None


class Replays:
    """Starts replays, tells of them, cancels and resumes them.

    Who reads a replay that should be at work has the machine asked; where its execution is gone
    without having told of it, that is recorded: it has failed, and can be resumed.
    """

    def __init__(
        self,
        records: Records,
        machine: Machine,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._machine = machine
        self._now = now

    def start(self, request: Request, key: str | None = None) -> View:
        """Have it replayed; with a key, once however often it is asked for.

        Raises ReplayKeyReusedError, TargetBusyError.
        """
        replay = self._records.create(new_replay(request, self._now()), key)
        if replay.status is Status.PENDING:  # Also where an earlier call got no further than this.
            self._machine.start(replay)
        return self._view(replay)

    def read(self, replay_id: str) -> View:
        """The replay as it is now; UnknownReplayError."""
        return self._view(self._looked_after(self._records.read(replay_id)))

    def list(self, limit: int, cursor: str | None = None) -> ViewPage:
        """Replays, newest first; CursorError."""
        page = self._records.list(limit, cursor)
        active = [replay.replay_id for replay in page.replays if replay.status in ACTIVE]
        asked = frozenset(active[-LOOKED_AFTER_MAX:])
        replays = [
            self._looked_after(replay) if replay.replay_id in asked else replay
            for replay in page.replays
        ]
        return ViewPage([self._view(replay) for replay in replays], page.next)

    def cancel(self, replay_id: str) -> View:
        """Give it up: pieces under way stop soon, what was written stays. WrongStatusError.

        Cancelling it again changes nothing.
        """
        progress = self._progress(replay_id)

        def cancelled(replay: Replay) -> Replay:
            if replay.status is Status.CANCELLED:
                return replay
            return replay.cancelled(progress, self._now())

        return self._view(self._records.change(replay_id, cancelled))

    def resume(self, replay_id: str) -> View:
        """Go on with one that failed, or whose execution was lost. WrongStatusError."""
        before = self._records.read(replay_id)
        if before.status in ACTIVE and self._machine.execution(before) is Execution.RUNS:
            raise WrongStatusError(f"Replay {replay_id} is at work and need not be resumed.")

        def resumed(replay: Replay) -> Replay:
            # Of two callers that saw the same attempt end, one begins the next.
            return replay.resumed(self._now()) if replay.attempt == before.attempt else replay

        replay = self._records.change(replay_id, resumed)
        if replay.status is Status.PENDING:
            self._machine.start(replay)
        return self._view(replay)

    def _looked_after(self, replay: Replay) -> Replay:
        """The replay; FAILED from now on where it should be at work and nothing runs it."""
        if replay.status not in ACTIVE or not self._is_lost(replay):
            return replay
        progress = self._progress(replay.replay_id)

        def abandoned(known: Replay) -> Replay:
            # It may have ended well, or been resumed, before or while the machine was asked.
            same = known.attempt == replay.attempt and known.status in ACTIVE
            return known.abandoned(progress, self._now()) if same else known

        return self._records.change(replay.replay_id, abandoned)

    def _is_lost(self, replay: Replay) -> bool:
        execution = self._machine.execution(replay)
        if execution is Execution.UNKNOWN:
            asked_at = datetime.fromisoformat(replay.asked_at)
            return (self._now() - asked_at).total_seconds() > VISIBLE_S_MAX
        return execution is Execution.ENDED

    def _progress(self, replay_id: str) -> Progress:
        return progress_of(self._records.pieces(replay_id))

    def _view(self, replay: Replay) -> View:
        progress = replay.progress or self._progress(replay.replay_id)
        percent, rate, remaining = 0.0, 0.0, None
        if progress.blocks:
            percent = round(100 * progress.done.blocks / progress.blocks, PERCENT_DECIMALS)
        if replay.status is Status.SUCCEEDED:
            percent = 100.0
        done_now = progress.done.blocks - replay.done_before
        if replay.attempt_at and done_now > 0:
            rate = done_now / max(self._elapsed_s(replay), 0.001)
            if replay.status in ACTIVE:
                remaining = (progress.blocks - progress.done.blocks) / rate
        return View(replay, progress, percent, rate, remaining)

    def _elapsed_s(self, replay: Replay) -> float:
        begun = datetime.fromisoformat(replay.attempt_at)
        ended = datetime.fromisoformat(replay.ended_at) if replay.ended_at else self._now()
        return (ended - begun).total_seconds()
