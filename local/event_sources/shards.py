"""One shard of one mapping: a thread reads it, and each of its lanes delivers."""

import logging
import math
import threading
import zlib
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from local.event_sources.batches import Batches
from local.event_sources.checkpoints import Checkpoint, Checkpoints
from local.event_sources.delivery import Delivery, Discarded, Invoke
from local.event_sources.filters import any_of
from local.event_sources.mappings import Mapping
from local.event_sources.progress import Progress
from local.event_sources.sources import Record, Source

POLL_S = 1.0
"""Between two reads of a quiet shard that nobody has woken."""
READ_GAP_S = 0.05
"""Before a read of one that has grown, so that small writes are read together: every delivery costs
the emulator as much as a request, which has one core for both."""
OPEN_RECORDS_MAX = 20_000
"""Reading waits while more records than this are on their way."""
FAILED_READ_S = 0.5
JOIN_S_MAX = 5.0

log = logging.getLogger(__name__)


class ShardReader:
    """Starts on creation; `stop` ends it between two batches, and the rest is read again later."""

    def __init__(
        self,
        mapping: Mapping,
        shard: str,
        source: Source,
        checkpoints: Checkpoints,
        invoke: Invoke,
        report: Callable[[str, Discarded], None],
    ) -> None:
        """`report` hears of discarded records, with the shard's id."""
        self._mapping, self.shard, self._source = mapping, shard, source
        self._checkpoints, self._report = checkpoints, report
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._idle = threading.Event()
        self.finished = False
        self.read_count = 0
        """Records read so far."""
        self._wants = any_of(mapping.filters)
        self._progress = Progress(lambda seq: checkpoints.advance(mapping.id, shard, seq))
        self._lanes = [Batches(mapping.batch_size, mapping.window_s) for _ in range(mapping.lanes)]
        delivery = Delivery(mapping, invoke, self._leave, self._discard, self._stopping)
        jobs = [self._read_all, *(self._lane_job(lane, delivery) for lane in self._lanes)]
        name = f"{mapping.function_name}/{shard}"
        self._threads = [threading.Thread(target=job, name=name, daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something may be there to read."""
        self._idle.clear()
        self._woken.set()

    def idle(self) -> bool:
        """Whether the last read found nothing and all that was read is through."""
        return self._idle.is_set() and not self._progress.open_count

    def stop(self) -> None:
        """End after the batches that are on their way now."""
        self._stopping.set()
        self._woken.set()
        for lane in self._lanes:
            lane.close()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(JOIN_S_MAX)

    def _lane_job(self, lane: Batches, delivery: Delivery) -> Callable[[], None]:
        def run() -> None:
            while (batch := lane.take()) is not None:
                delivery.deliver(batch)

        return run

    def _leave(self, records: Sequence[Record]) -> None:
        self._progress.leave(record.sequence for record in records)

    def _discard(self, discarded: Discarded) -> None:
        try:
            self._report(self.shard, discarded)
        except (ClientError, BotoCoreError):
            log.exception("the failure destination of %s is lost", self._mapping.function_name)

    def _read_all(self) -> None:
        iterator: str | None = None
        position = self._checkpoints.read(self._mapping.id, self.shard)
        position = position or Checkpoint(None, None, finished=False)
        floor = position.started_at if position.sequence is None else None
        while not self._stopping.is_set():
            try:
                iterator = iterator or self._source.iterator(self.shard, position)
                records, iterator = self._source.read(self.shard, iterator)
            except (ClientError, BotoCoreError) as error:
                log.warning("%s cannot read %s: %s", self._mapping.function_name, self.shard, error)
                iterator = None
                self._stopping.wait(FAILED_READ_S)
                continue
            if records:
                position = Checkpoint(records[-1].sequence, None, finished=False)
                self._accept(records, floor)
            if iterator is None:
                self._finish()
                return
            self._rest(found=bool(records))

    def _accept(self, records: Sequence[Record], floor: float | None) -> None:
        """Enter every record; what is not wanted leaves at once."""
        self.read_count += len(records)
        for record in records:
            self._progress.enter(record.sequence)
        wanted = [record for record in records if self._wanted(record, floor)]
        kept = {record.sequence for record in wanted}
        self._leave([record for record in records if record.sequence not in kept])
        for number, lane in enumerate(self._lanes):
            share = [r for r in wanted if zlib.crc32(r.key.encode()) % len(self._lanes) == number]
            if share:
                lane.put(share)

    def _wanted(self, record: Record, floor: float | None) -> bool:
        if floor is not None and record.arrived_at < math.floor(floor):
            return False
        return not self._mapping.filters or self._wants(self._source.document(record))

    def _rest(self, *, found: bool) -> None:
        if not found:
            self._idle.set()
            self._woken.wait(POLL_S)
        self._stopping.wait(READ_GAP_S)
        self._woken.clear()
        while self._progress.open_count > OPEN_RECORDS_MAX and not self._stopping.is_set():
            self._stopping.wait(READ_GAP_S)

    def _finish(self) -> None:
        """A closed shard is read: wait for its lanes, then let its children begin."""
        while self._progress.open_count:
            if self._stopping.wait(READ_GAP_S):
                return
        self._checkpoints.finish(self._mapping.id, self.shard)
        self.finished = True
        self._idle.set()
        for lane in self._lanes:
            lane.close()
