"""The pieces of a replay: ranges of one shard's blocks, each done by itself, in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runtime.replays.replay import Done, Progress

PIECES_MAX = 10_000
"""Their numbers are one state of a workflow, and what they return is another; one takes 256 KiB."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Blocks first..last of one shard, both included; the whole of one ad where `first` is -1."""

    number: int
    shard: int
    first: int
    last: int
    done: Done | None = None
    object_no: int | None = None
    """Which object of the shard's state in a snapshot is read, all of which together stand for the
    first blocks; None to read the blocks themselves."""

    @property
    def blocks(self) -> int:
        """How many blocks it has; one ad's history counts as one."""
        return 1 if self.first < 0 else self.last - self.first + 1


def split(
    heads: Sequence[int], blocks_max: int, *, after: Sequence[int] = (), number: int = 0
) -> list[Piece]:
    """All blocks of every shard up to its head (-1 for none) in pieces of at most `blocks_max`.

    Where these would be more than PIECES_MAX they are larger. Blocks up to `after` are left out,
    and pieces are numbered from `number` on.
    """
    firsts = [last + 1 for last in after] or [0] * len(heads)
    total = sum(head + 1 - first for head, first in zip(heads, firsts, strict=True))
    size = max(blocks_max, -(-total // max(PIECES_MAX - number - len(heads), 1)))
    ranges = [
        (shard, first, min(first + size - 1, head))
        for shard, head in enumerate(heads)
        for first in range(firsts[shard], head + 1, size)
    ]
    return [Piece(at, *where) for at, where in enumerate(ranges, number)]


def split_beginning(
    heads: Sequence[int],
    blocks_max: int,
    *,
    tips: Sequence[int],
    objects: Sequence[int],
    trusted: bool,
) -> list[Piece]:
    """A piece for each object of a snapshot's state, then the blocks behind the snapshot.

    The objects of a shard share the blocks that they stand for evenly among them. Where they are
    not trusted the same pieces read these blocks.
    """
    pieces: list[Piece] = []
    for shard, (tip, count) in enumerate(zip(tips, objects, strict=True)):
        for index in range(count):
            first, behind = ((tip + 1) * at // count for at in (index, index + 1))
            read = index if trusted else None
            pieces.append(Piece(len(pieces), shard, first, behind - 1, object_no=read))
    return pieces + split(heads, blocks_max, after=tips, number=len(pieces))


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
