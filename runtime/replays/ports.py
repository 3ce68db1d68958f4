"""The ports of replays: where they are recorded, and what runs them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from runtime.replays.pieces import Piece
from runtime.replays.replay import Change, Done, Replay


@dataclass(frozen=True, slots=True)
class Page:
    """Some replays, newest first, and the cursor behind them; None at the end."""

    replays: Sequence[Replay]
    next: str | None


class Records(Protocol):
    """Every replay and its pieces. Methods raise ReplayUnavailableError."""

    def create(self, replay: Replay, key: str | None) -> Replay:
        """Record a replay; the earlier one where this key came with the same request before.

        Raises ReplayKeyReusedError, and TargetBusyError while another that has not ended rebuilds.
        """
        ...

    def read(self, replay_id: str) -> Replay:
        """The replay as it is now; UnknownReplayError."""
        ...

    def change(self, replay_id: str, change: Change) -> Replay:
        """Record what `change` makes of the replay, whoever else changes it at the same time."""
        ...

    def list(self, limit: int, cursor: str | None = None) -> Page:
        """Replays, newest first; CursorError."""
        ...

    def put_pieces(self, replay_id: str, pieces: Iterable[Piece]) -> None:
        """Record the pieces, replacing those of the same numbers."""
        ...

    def pieces(self, replay_id: str) -> Sequence[Piece]:
        """The replay's pieces by number; none before it is planned."""
        ...

    def piece(self, replay_id: str, number: int) -> Piece:
        """One piece; UnknownReplayError where there is no such piece."""
        ...

    def finish_piece(self, replay_id: str, number: int, done: Done) -> None:
        """Record that a piece is done; the first to say so counts."""
        ...


class Execution(StrEnum):
    """What is known of an attempt's execution."""

    RUNS = "RUNS"
    ENDED = "ENDED"
    """Well or not; its steps had recorded before what they did."""
    UNKNOWN = "UNKNOWN"
    """None is known: it was lost, never began, or began so lately that it is not told of yet."""


class Machine(Protocol):
    """What runs replays, piece by piece. Methods raise ReplayUnavailableError."""

    def start(self, replay: Replay) -> None:
        """Run this attempt; nothing where it was started before."""
        ...

    def execution(self, replay: Replay) -> Execution:
        """What is known of this attempt's execution."""
        ...
