"""The steps of a replay, as its state machine takes them: plan, pieces in any order, finish.

Every step may be taken again: a piece that is done is passed over, and one that is taken twice
writes the same again. Steps of an attempt that another one follows do nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from runtime.ads.revision import AdRevision
from runtime.journal.projection import newest
from runtime.replay.beginnings import Beginnings
from runtime.replay.destinations import Destination, Destinations, Projected
from runtime.replay.journals import Journals
from runtime.replay.planning import Planner
from runtime.replays.errors import (
    ReplayError,
    ReplayFailedError,
    ReplayUnavailableError,
    UnusableSnapshotError,
    WrongStatusError,
)
from runtime.replays.pieces import Piece, progress_of
from runtime.replays.ports import Records
from runtime.replays.replay import ENDED, Change, Done, Replay, Status

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
        planner: Planner,
        beginnings: Beginnings | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._journals = journals
        self._destinations = destinations
        self._planner = planner
        self._beginnings = beginnings
        self._now = now

    def plan(self, replay_id: str, attempt: int) -> list[int]:
        """Split the replay where that was not done before; the numbers of the pieces to do."""
        replay = self._records.read(replay_id)
        if not _concerns(replay, attempt):
            return []
        with self._faults_of(replay_id):
            empty = self._destinations(replay).prepare()
            if not replay.heads:
                choice = self._planner.choose(replay)
                replay = self._change(
                    replay_id,
                    attempt,
                    lambda known: known.chosen(choice.heads, choice.beginning, choice.fault),
                )
            pieces = self._put_pieces(replay, empty=empty)
            done_before = progress_of(pieces).done.blocks
            self._change(replay_id, attempt, lambda known: known.planned(done_before, self._now()))
        return [piece.number for piece in pieces if piece.done is None]

    def piece(self, replay_id: str, attempt: int, number: int) -> None:
        """Do one piece, unless it is done, or the replay was cancelled."""
        replay = self._records.read(replay_id)
        piece = self._records.piece(replay_id, number)
        if not _concerns(replay, attempt) or piece.done is not None:
            return
        with self._faults_of(replay_id):
            self._do(replay, piece)

    def finish(self, replay_id: str, attempt: int) -> None:
        """Put the target in its place, or clear away what a cancelled replay leaves."""
        replay = self._records.read(replay_id)
        if replay.status is Status.CANCELLED:
            with self._faults_of(replay_id):
                self._destinations(replay).abandon()
        if not _concerns(replay, attempt):
            return
        with self._faults_of(replay_id):
            self._make_up(replay)
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

    def _change(self, replay_id: str, attempt: int, change: Change) -> Replay:
        """Record a change, unless another attempt has begun or the replay has ended."""
        return self._records.change(
            replay_id, lambda known: change(known) if _concerns(known, attempt) else known
        )

    def _put_pieces(self, replay: Replay, *, empty: bool) -> list[Piece]:
        """Record the pieces that are not, and anew those whose work is lost; all of them."""
        known = {piece.number: piece for piece in self._records.pieces(replay.replay_id)}
        wanted = self._planner.pieces(replay)
        fresh = [piece for piece in wanted if empty or _is_void(known.get(piece.number), piece)]
        self._records.put_pieces(replay.replay_id, fresh)
        known |= {piece.number: piece for piece in fresh}
        return [known[piece.number] for piece in wanted]

    def _do(self, replay: Replay, piece: Piece) -> None:
        """Bring the target level with a piece, by its blocks where its snapshot is no good."""
        try:
            self._do_as_told(replay, piece)
        except UnusableSnapshotError as error:
            fault = f"{error}; blocks are read instead of the snapshot"
            without = self._records.change(replay.replay_id, lambda known: known.distrusted(fault))
            self._do_as_told(without, piece)

    def _do_as_told(self, replay: Replay, piece: Piece) -> None:
        trusted = replay.beginning is not None and replay.beginning.trusted
        read = piece if trusted else replace(piece, object_no=None)
        destination = self._destinations(replay)
        done = Done()
        for blocks, revisions in self._chunks(replay, read):
            if done.blocks and not _concerns(self._records.read(replay.replay_id), replay.attempt):
                return
            ads = self._lasting(replay, piece.shard, newest(revisions))
            written = self._project(replay, destination, ads)
            done += Done(blocks, len(revisions), len(ads), written)
        if read == piece:
            self._records.finish_piece(replay.replay_id, piece.number, done)
        else:
            self._records.put_pieces(replay.replay_id, [replace(read, done=done)])

    def _make_up(self, replay: Replay) -> None:
        """Read the blocks of pieces that were done from a snapshot before it was found damaged."""
        if replay.beginning is None or replay.beginning.trusted:
            return
        for piece in self._records.pieces(replay.replay_id):
            if piece.object_no is not None:
                self._do(replay, piece)

    def _chunks(self, replay: Replay, piece: Piece) -> Iterator[tuple[int, list[AdRevision]]]:
        """How many blocks, and their revisions as far as they are asked for."""
        ad_id = replay.request.ad_id
        if ad_id is not None:
            history = self._journals.history(ad_id)
            if not history:
                raise ReplayFailedError(f"the ledger has no ad {ad_id}")
            yield 1, _up_to(replay.request.until, history)
            return
        if piece.object_no is not None:
            yield piece.blocks, _up_to(replay.request.until, self._object(replay, piece))
            return
        for first in range(piece.first, piece.last + 1, CHUNK_BLOCKS):
            last = min(first + CHUNK_BLOCKS - 1, piece.last)
            blocks = self._journals.revisions(piece.shard, first, last)
            found = [revision for block in blocks for revision in block]
            yield last - first + 1, _up_to(replay.request.until, found)

    def _object(self, replay: Replay, piece: Piece) -> list[AdRevision]:
        if self._beginnings is None or replay.beginning is None or piece.object_no is None:
            raise UnusableSnapshotError("there is no bucket to read snapshots from")
        snapshot_id = replay.beginning.snapshot_id
        return self._beginnings.ads(snapshot_id, piece.shard, piece.object_no)

    def _lasting(
        self, replay: Replay, shard: int, ads: Sequence[AdRevision]
    ) -> Sequence[AdRevision]:
        """Without the ads that another piece has a newer version of: it writes them.

        Else an ad that a live target has lost would come back as what it no longer is.
        """
        if replay.request.ad_id is not None or replay.request.until is not None:
            return ads
        return self._journals.lasting(shard, replay.heads[shard], ads)

    def _project(self, replay: Replay, destination: Destination, ads: Sequence[AdRevision]) -> int:
        """Bring the ads level with these revisions, one of each; how many were not."""
        projected = destination.project(ads) if ads else Projected()
        if projected.unavailable:
            reasons = "; ".join(list(projected.unavailable.values())[:REASONS_MAX])
            raise ReplayUnavailableError(f"{len(projected.unavailable)} ads not taken: {reasons}")
        for ad_id, reason in list(projected.refused.items())[:REASONS_MAX]:
            # The stream's projectors cannot write it either, and no other try will.
            self._tell(replay.replay_id, f"ad {ad_id} is refused for good: {reason}")
        return projected.written

    def _catch_up(self, replay: Replay, destination: Destination) -> None:
        """Project what was committed after the plan."""
        heads = [-1] * len(self._journals.heads()) if not replay.heads else replay.heads
        for shard, head in enumerate(self._journals.heads()):
            behind = Piece(0, shard, heads[shard] + 1, head)
            for _, revisions in self._chunks(replay, behind):
                self._project(replay, destination, newest(revisions))

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


def _is_void(known: Piece | None, wanted: Piece) -> bool:
    """Whether a piece is not recorded yet, or was to be read from what is no good."""
    return known is None or (known.object_no is not None and wanted.object_no is None)


def _up_to(until: str | None, revisions: Sequence[AdRevision]) -> list[AdRevision]:
    return [one for one in revisions if until is None or one.tx_time <= until]
