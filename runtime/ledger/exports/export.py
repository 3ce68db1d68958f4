"""One export from its start manifest to its final one, at any point of which it may be killed.

Every object depends on the journal and the request alone. So an export that goes on puts the same
bytes under the same keys, and the final manifest, once it is there, is never written again.

A block is sealed with its timestamp a moment before it is durable. An export that ends in the
latest past waits for that moment, so that none of its blocks comes after it has looked, and
exports of adjoining times hold every block.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.ledger.exports.destination import Destination, has
from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.ledger.exports.formats import format_named
from runtime.ledger.exports.layout import final_manifest_key, start_manifest_key
from runtime.ledger.exports.manifests import ExportRequest, final_manifest, start_manifest
from runtime.ledger.exports.objects import OBJECT_BYTES_MAX, DataObject, data_objects
from runtime.ledger.exports.selection import (
    SETTLE_S,
    BlockSource,
    block_at,
    blocks_until,
    first_not_before,
)

PUT_ATTEMPTS_MAX: Final = 8
BACKOFF_BASE_S: Final = 0.5
BACKOFF_MAX_S: Final = 30.0

Wait = Callable[[float], bool]
"""Waits for seconds; True, at once, when the export shall stop."""


def utc_now() -> datetime:
    """The wall clock's time."""
    return datetime.now(UTC)


def _ignore(position: int) -> None:
    del position


class Export:
    """Writes the blocks of a range of time to a destination."""

    def __init__(
        self,
        source: BlockSource,
        request: ExportRequest,
        destination: Destination,
        *,
        wait: Wait,
        now: Callable[[], datetime] = utc_now,
        object_bytes_max: int = OBJECT_BYTES_MAX,
    ) -> None:
        """Take a ledger or its storage and where to write; FormatError for an unknown format."""
        self._source = source
        self._request = request
        self._destination = destination
        self._wait = wait
        self._now = now
        self._object_bytes_max = object_bytes_max
        self._form = format_named(request.output_format)

    def run(self, position: int | None = None, save: Callable[[int], None] = _ignore) -> str | None:
        """Export everything, waiting for an end that is yet to come; the final manifest's key.

        `save` is given the next block's number after each object; objects before `position`, the
        newest such number, are not put again if they are there. None when it was told to stop
        before its end, and for a journal without a block, which has no strand to end with a
        manifest.
        """
        request = self._request
        start_key = start_manifest_key(request.prefix, request.export_id)
        manifest = self._form.encode(start_manifest(request))
        first = block_at(self._source, 0)
        final_key = None
        if first is not None:
            final_key = final_manifest_key(request.prefix, request.export_id, first.strand_id)
            if has(self._destination, final_key):
                return final_key
        if not self._put(start_key, manifest) or self._is_told_to_stop_before_settled():
            return None
        keys = self._put_objects(position or 0, save)
        if keys is None or final_key is None:
            return None
        return final_key if self._put(final_key, self._form.encode(final_manifest(keys))) else None

    def _put_objects(self, position: int, save: Callable[[int], None]) -> list[str] | None:
        """Put every data object; their keys, None when told to stop."""
        request = self._request
        first = first_not_before(self._source, request.inclusive_start)
        blocks = blocks_until(self._source, first, request.exclusive_end)
        keys: list[str] = []
        for found in data_objects(blocks, self._object_bytes_max):
            key = found.key(request.prefix, self._form)
            keys.append(key)
            if self._is_put(found, key, position):
                continue
            if not self._put(key, found.content(self._form)):
                return None
            save(found.range.last + 1)
        return keys

    def _is_put(self, found: DataObject, key: str, position: int) -> bool:
        """Whether an earlier run has put the object; a look is taken, since splits can change.

        They do when a revision is redacted between two runs.
        """
        return found.range.last < position and has(self._destination, key)

    def _put(self, key: str, data: bytes) -> bool:
        """Put an object, again and again while the destination is silent; False to stop."""
        for attempt in range(PUT_ATTEMPTS_MAX):
            delay_s = min(BACKOFF_BASE_S * 2.0 ** (attempt - 1), BACKOFF_MAX_S) if attempt else 0
            if self._wait(delay_s):
                return False
            try:
                self._destination.put(key, data, self._form.content_type)
                return True
            except DestinationUnavailableError:
                if attempt == PUT_ATTEMPTS_MAX - 1:
                    raise
        return False

    def _is_told_to_stop_before_settled(self) -> bool:
        """Wait until no more block can come that was sealed before the end."""
        settled_at = self._request.exclusive_end + timedelta(seconds=SETTLE_S)
        return self._wait(max(0.0, (settled_at - self._now()).total_seconds()))
