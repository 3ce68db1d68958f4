"""The steps of a replay, as its state machine takes them: plan, pieces in any order, finish.

Every step may be taken again: a piece that is done is passed over, and one that is taken twice
writes the same again. Steps of an attempt that another one follows do nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from runtime.ads.revision import AdRevision
from runtime.journal.projection import newest
from runtime.replay.destinations import Destination, Destinations
from runtime.replay.journals import Journals
from runtime.replays.errors import (
    ReplayError,
    ReplayFailedError,
    ReplayUnavailableError,
    WrongStatusError,
)
from runtime.replays.pieces import Piece, progress_of, split, whole_ad
from runtime.replays.ports import Records
from runtime.replays.replay import ENDED, Done, Replay, Status

CHUNK_BLOCKS = 1000
"""Read, projected and counted at once; in between a piece looks whether it was cancelled."""
REASONS_MAX = 3
"""Named in a fault of many ads."""


class Steps:
    """Does replays. Methods raise ReplayError; what they raised is among the replay's faults."""

    def __init__(
        self,
        records: Records,
        journals: Journals,
        destinations: Destinations,
        *,
        piece_blocks_max: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._journals = journals
        self._destinations = destinations
        self._piece_blocks_max = piece_blocks_max
        self._now = now

    def plan(self, replay_id: str, attempt: int) -> list[int]:
        """Split the replay where that was not done before; the numbers of the pieces to do."""
        replay = self._records.read(replay_id)
        if not _concerns(replay, attempt):
            return []
        with self._faults_of(replay_id):
            empty = self._destinations(replay).prepare()
            pieces = self._records.pieces(replay_id)
            heads = replay.heads
            if not pieces or not heads or empty:
                heads, pieces = self._split(replay)
                self._records.put_pieces(replay_id, pieces)
            done_before = progress_of(pieces).done.blocks
            self._records.change(
                replay_id,
                lambda known: (
                    known.planned(heads, done_before, self._now())
                    if _concerns(known, attempt)
                    else known
                ),
            )
        return [piece.number for piece in pieces if piece.done is None]

    def piece(self, replay_id: str, attempt: int, number: int) -> None:
        """Do one piece, unless it is done, or the replay was cancelled."""
        replay = self._records.read(replay_id)
        piece = self._records.piece(replay_id, number)
        if not _concerns(replay, attempt) or piece.done is not None:
            return
        with self._faults_of(replay_id):
            destination = self._destinations(replay)
            done = Done()
            for blocks, revisions in self._chunks(replay, piece):
                if done.blocks and not _concerns(self._records.read(replay_id), attempt):
                    return
                done += replace(self._project(replay, destination, revisions), blocks=blocks)
            self._records.finish_piece(replay_id, number, done)

    def finish(self, replay_id: str, attempt: int) -> None:
        """Put the target in its place, or clear away what a cancelled replay leaves."""
        replay = self._records.read(replay_id)
        if replay.status is Status.CANCELLED:
            with self._faults_of(replay_id):
                self._destinations(replay).abandon()
        if not _concerns(replay, attempt):
            return
        with self._faults_of(replay_id):
            progress = progress_of(self._records.pieces(replay_id))
            if progress.pieces_done < progress.pieces:
                raise ReplayFailedError(
                    f"{progress.pieces - progress.pieces_done} pieces of replay {replay_id} "
                    "are not done; resume it"
                )
            replay = self._records.change(replay_id, Replay.completing)
            destination = self._destinations(replay)
            destination.complete(lambda: self._catch_up(replay, destination))
            self._records.change(replay_id, lambda known: known.succeeded(progress, self._now()))

    def fail(self, replay_id: str, attempt: int, reason: str) -> None:
        """Record that the attempt came to nothing."""
        progress = progress_of(self._records.pieces(replay_id))
        self._records.change(
            replay_id,
            lambda known: (
                # What a step said of itself is worth more than how the machine puts it.
                known.failed("" if known.faults else reason, progress, self._now())
                if _concerns(known, attempt)
                else known
            ),
        )

    def _split(self, replay: Replay) -> tuple[tuple[int, ...], list[Piece]]:
        ad_id = replay.request.ad_id
        if ad_id is not None:
            return (), [whole_ad(self._journals.shard(ad_id))]
        heads = self._journals.heads(replay.request.until)
        return tuple(heads), split(heads, self._piece_blocks_max)

    def _chunks(self, replay: Replay, piece: Piece) -> Iterator[tuple[int, list[AdRevision]]]:
        """How many blocks, and their revisions as far as they are asked for."""
        ad_id = replay.request.ad_id
        if ad_id is not None:
            history = self._journals.history(ad_id)
            if not history:
                raise ReplayFailedError(f"the ledger has no ad {ad_id}")
            yield 1, _up_to(replay.request.until, history)
            return
        for first in range(piece.first, piece.last + 1, CHUNK_BLOCKS):
            last = min(first + CHUNK_BLOCKS - 1, piece.last)
            blocks = self._journals.revisions(piece.shard, first, last)
            found = [revision for block in blocks for revision in block]
            yield last - first + 1, _up_to(replay.request.until, found)

    def _project(
        self, replay: Replay, destination: Destination, revisions: Sequence[AdRevision]
    ) -> Done:
        """Bring the ads level with the newest of these revisions of each."""
        ads = newest(revisions)
        projected = destination.project(ads) if ads else None
        if projected is None:
            return Done()
        if projected.unavailable:
            reasons = "; ".join(list(projected.unavailable.values())[:REASONS_MAX])
            raise ReplayUnavailableError(f"{len(projected.unavailable)} ads not taken: {reasons}")
        for ad_id, reason in list(projected.refused.items())[:REASONS_MAX]:
            # The stream's projectors cannot write it either, and no other try will.
            self._tell(replay.replay_id, f"ad {ad_id} is refused for good: {reason}")
        return Done(revisions=len(revisions), ads=len(ads), written=projected.written)

    def _catch_up(self, replay: Replay, destination: Destination) -> None:
        """Project what was committed after the plan."""
        heads = [-1] * len(self._journals.heads()) if not replay.heads else replay.heads
        for shard, head in enumerate(self._journals.heads()):
            behind = Piece(0, shard, heads[shard] + 1, head)
            for _, revisions in self._chunks(replay, behind):
                self._project(replay, destination, revisions)

    def _tell(self, replay_id: str, fault: str) -> None:
        self._records.change(replay_id, lambda known: known.told(fault))

    def _faults_of(self, replay_id: str) -> "_Faults":
        return _Faults(lambda fault: self._tell(replay_id, fault))


class _Faults:
    """Records what goes wrong within, and lets it pass on to the state machine."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        # A status that is another by now is no fault: the step is taken again, and sees it.
        if isinstance(error, ReplayError) and not isinstance(error, WrongStatusError):
            self._tell(str(error))


def _concerns(replay: Replay, attempt: int) -> bool:
    """Whether this attempt is the one that counts, and there is something left to do."""
    return (
        replay.attempt == attempt
        and replay.status not in ENDED
        and replay.status is not Status.FAILED
    )


def _up_to(until: str | None, revisions: Sequence[AdRevision]) -> list[AdRevision]:
    return [one for one in revisions if until is None or one.tx_time <= until]
