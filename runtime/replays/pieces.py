"""The pieces of a replay: ranges of one shard's blocks, each done by itself, in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runtime.replays.replay import Done, Progress

PIECES_MAX = 10_000
"""Their numbers are one state of a workflow, which takes 256 KB."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Blocks first..last of one shard, both included; the whole of one ad where `first` is -1."""

    number: int
    shard: int
    first: int
    last: int
    done: Done | None = None

    @property
    def blocks(self) -> int:
        """How many blocks it has; one ad's history counts as one."""
        return 1 if self.first < 0 else self.last - self.first + 1


def split(heads: Sequence[int], blocks_max: int) -> list[Piece]:
    """All blocks of every shard up to its head (-1 for none) in pieces of at most `blocks_max`.

    Where these would be more than PIECES_MAX they are larger.
    """
    total = sum(head + 1 for head in heads)
    size = max(blocks_max, -(-total // max(PIECES_MAX - len(heads), 1)))
    ranges = [
        (shard, first, min(first + size - 1, head))
        for shard, head in enumerate(heads)
        for first in range(0, head + 1, size)
    ]
    return [Piece(number, *where) for number, where in enumerate(ranges)]


def whole_ad(shard: int) -> Piece:
    """The only piece of one ad's replay."""
    return Piece(0, shard, -1, -1)


def progress_of(pieces: Iterable[Piece]) -> Progress:
    """How far the pieces are, together."""
    known = list(pieces)
    finished = [piece.done for piece in known if piece.done is not None]
    return Progress(
        done=sum(finished, Done()),
        pieces_done=len(finished),
        pieces=len(known),
        blocks=sum(piece.blocks for piece in known),
    )
