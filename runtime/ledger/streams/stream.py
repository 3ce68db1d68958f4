"""One stream of a journal to Kinesis: every record at least once, in order, wherever it is killed.

What went out is remembered batch by batch as the number of the next block. A stream that goes on
may send the blocks of one batch again; a consumer tells them by strand and number, revisions by
document and version.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from runtime.journal.errors import JournalStreamError
from runtime.journal.records import StreamRecord, block_records
from runtime.ledger.errors import UnavailableError
from runtime.ledger.exports.selection import (
    SETTLE_S,
    BlockSource,
    DatedBlock,
    block_at,
    blocks_until,
    first_not_before,
)
from runtime.ledger.streams.delivery import Delivery, Wait
from runtime.ledger.streams.records import (
    COMPLETED,
    CREATED,
    aggregated,
    control_record,
    single,
    stream_key,
)
from runtime.publish_journal.lanes import PutRecordsClient

BATCH_BLOCKS_MAX: Final = 64
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of blocks that are sent together; a larger block goes alone."""
POLL_S: Final = 0.2
"""How often the journal is asked for more."""
READ_ATTEMPTS_MAX: Final = 20
READ_BACKOFF_MAX_S: Final = 30.0

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What is to be sent, and to where; times have a time zone."""

    stream_arn: str
    """Of the journal's stream; every record has it."""
    inclusive_start: datetime
    exclusive_end: datetime | None
    """None for a stream that goes on until it is told to stop."""
    kinesis_stream_arn: str
    aggregated: bool = True


def utc_now() -> datetime:
    """The wall clock's time."""
    return datetime.now(UTC)


class Stream:
    """Sends the blocks of a journal from a time on."""

    def __init__(
        self,
        source: BlockSource,
        request: StreamRequest,
        client: PutRecordsClient,
        *,
        wait: Wait,
        impaired: Callable[[str | None], None],
        now: Callable[[], datetime] = utc_now,
        batch_blocks_max: int = BATCH_BLOCKS_MAX,
    ) -> None:
        """Take a ledger or its storage and boto3's Kinesis client.

        `impaired` is told KINESIS_STREAM_NOT_FOUND or IAM_PERMISSION_REVOKED while that keeps the
        stream from going on, and None when it goes on again.
        """
        self._source = source
        self._request = request
        self._wait = wait
        self._now = now
        self._batch_blocks_max = batch_blocks_max
        stream_name = request.kinesis_stream_arn.rpartition("/")[2]
        self._delivery = Delivery(client, stream_name, wait, impaired)

    def run(self, position: int | None, save: Callable[[int], None]) -> bool:
        """Send until the end time; False when told to stop before.

        `position` is the newest that `save` was given, None for a stream that begins. Raises
        BlockError and RecordTooLargeError for a block that cannot be sent at all, and
        StorageError where the journal cannot be read.
        """
        try:
            if position is None:
                position = self._begin()
                save(position)
            while not self._is_over(position):
                batch = self._patiently(lambda first=position: self._batch(first))
                if batch:
                    position += self._send_blocks(batch)
                    save(position)
                elif self._wait(POLL_S):
                    return False
            self._send([[control_record(COMPLETED, self._request.stream_arn)]])
        except _StoppedError:
            return False
        return True

    def _begin(self) -> int:
        """Say that the stream is made; the number of its first block."""
        self._send([[control_record(CREATED, self._request.stream_arn)]])
        start = self._request.inclusive_start
        return self._patiently(lambda: first_not_before(self._source, start))

    def _is_over(self, position: int) -> bool:
        """Whether every block before the end time was sent."""
        end = self._request.exclusive_end
        if end is None:
            return False
        settled = self._now() >= end + timedelta(seconds=SETTLE_S)
        following = self._patiently(lambda: block_at(self._source, position))
        return settled if following is None else following.timestamp >= end

    def _batch(self, first: int) -> list[DatedBlock]:
        """The next blocks to be sent, as many as go together."""
        batch: list[DatedBlock] = []
        size = 0
        for block in blocks_until(self._source, first, self._request.exclusive_end):
            size += len(block.stored.ion)
            if batch and (len(batch) == self._batch_blocks_max or size > BATCH_BYTES_MAX):
                break
            batch.append(block)
        return batch

    def _send_blocks(self, batch: Sequence[DatedBlock]) -> int:
        """Send the blocks of a batch; how many. Those before one that cannot be sent go alone."""
        try:
            self._send([self._records(block) for block in batch])
        except JournalStreamError:
            if len(batch) == 1:
                raise
            self._batch_blocks_max = 1
            return 0
        return len(batch)

    def _records(self, block: DatedBlock) -> list[StreamRecord]:
        # A block that was sealed before the start may have become durable after the first look.
        if block.timestamp < self._request.inclusive_start:
            return []
        return block_records(block.stored.ion, self._request.stream_arn)

    def _send(self, blocks: Sequence[Sequence[StreamRecord]]) -> None:
        request = self._request
        for records in (
            aggregated(blocks, stream_key(request.stream_arn))
            if request.aggregated
            else single(blocks)
        ):
            if not self._delivery.send(records):
                raise _StoppedError

    def _patiently(self, read: Callable[[], Found]) -> Found:
        """Read from the journal, again and again while it does not answer."""
        for attempt in range(READ_ATTEMPTS_MAX):
            try:
                return read()
            except UnavailableError:
                if attempt == READ_ATTEMPTS_MAX - 1:
                    raise
            if self._wait(min(POLL_S * 2.0**attempt, READ_BACKOFF_MAX_S)):
                raise _StoppedError
        raise AssertionError("the last attempt returns or raises")


class _StoppedError(Exception):
    """The stream was told to stop."""
