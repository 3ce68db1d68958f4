"""What a replay reads: chosen once, by an estimate, and cut into pieces the same way ever after."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.replay.beginnings import Beginnings
from runtime.replay.journals import Journals
from runtime.replays.errors import UnusableSnapshotError
from runtime.replays.pieces import Piece, split, split_beginning, whole_ad
from runtime.replays.replay import Beginning, Replay


@dataclass(frozen=True, slots=True)
class Choice:
    """Up to where a replay reads, and what it begins with."""

    heads: tuple[int, ...]
    """By shard, the last block; none for a replay of one ad."""
    beginning: Beginning | None = None
    """The snapshot that stands for the first blocks; None to read all blocks."""
    fault: str = ""
    """Why a snapshot that there is is not used."""


class Planner:
    """Chooses what replays read. Methods raise ReplayError."""

    def __init__(
        self, journals: Journals, beginnings: Beginnings | None, piece_blocks_max: int
    ) -> None:
        """Without `beginnings` every replay reads all blocks."""
        self._journals = journals
        self._beginnings = beginnings
        self._piece_blocks_max = piece_blocks_max

    def choose(self, replay: Replay) -> Choice:
        """What a replay that has not begun is to read: an ad's history, a snapshot, blocks."""
        if replay.request.ad_id is not None:
            return Choice(())
        until = replay.request.until
        heads = tuple(self._journals.heads(until))
        if self._beginnings is None:
            return Choice(heads)
        try:
            return Choice(heads, self._beginnings.find(until, heads))
        except UnusableSnapshotError as error:
            return Choice(heads, fault=f"{error}; all blocks are read instead")

    def pieces(self, replay: Replay) -> Sequence[Piece]:
        """The pieces of a replay whose choice is recorded; the same at every call."""
        if replay.request.ad_id is not None:
            return [whole_ad(self._journals.shard(replay.request.ad_id))]
        beginning = replay.beginning
        if beginning is None:
            return split(replay.heads, self._piece_blocks_max)
        return split_beginning(
            replay.heads,
            self._piece_blocks_max,
            tips=beginning.tips,
            objects=beginning.objects,
            trusted=beginning.trusted,
        )
