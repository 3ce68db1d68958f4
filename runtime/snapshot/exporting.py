"""One ledger's blocks of a period into the bucket, every block checked on its way."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from runtime.ads.revision import AdRevision
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.exports.formats import FORMATS, ION_TEXT
from runtime.ledger.exports.layout import final_manifest_key, start_manifest_key
from runtime.ledger.exports.manifests import ExportRequest, final_manifest, start_manifest
from runtime.ledger.exports.objects import OBJECT_BYTES_MAX, DataObject, data_objects
from runtime.ledger.exports.reader import ReadBlock
from runtime.ledger.exports.selection import DatedBlock
from runtime.ledger.identifiers import derived_id
from runtime.ledger.published import published
from runtime.ledger.storage.port import JournalStorage, StoredBlock
from runtime.snapshot.blocks import Chain, ads_of
from runtime.snapshot.chunks import write_run
from runtime.snapshots import rows
from runtime.snapshots.layout import journal_prefix, run_prefix
from runtime.snapshots.manifest import ObjectEntry, Request
from runtime.snapshots.progress import LedgerProgress
from runtime.snapshots.store import SnapshotStore

RUN_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of the changed ads that are held in memory until they are written."""
FORM: Final = FORMATS[ION_TEXT]

OutOfTime = Callable[[], bool]
"""Whether work has to stop soon; asked between two objects."""


class Exporting:
    """Exports one ledger, some objects at a time."""

    def __init__(
        self,
        store: SnapshotStore,
        journal: JournalStorage,
        request: Request,
        part: LedgerProgress,
        *,
        bucket: str,
        start: datetime,
        run_bytes_max: int = RUN_BYTES_MAX,
        object_bytes_max: int = OBJECT_BYTES_MAX,
    ) -> None:
        """Go on where `part` is; `bucket` and `start` are what the export's manifest tells."""
        self._store = store
        self._journal = journal
        self._request = request
        self._part = part
        self._bucket = bucket
        self._start = start
        self._export_id = derived_id("export", part.ledger, int(request.snapshot_id))
        self._prefix = journal_prefix(request.snapshot_id, part.ledger)
        self._chain = Chain.at(part.tip)
        self._run_bytes_max = run_bytes_max
        self._object_bytes_max = object_bytes_max

    def run(self, out_of_time: OutOfTime, save: Callable[[], None]) -> bool:
        """Put objects until all are there, or time is over: False.

        Raises CorruptJournalError at a block that is not what was sealed.
        """
        part = self._part
        if part.last < part.first:
            return True
        if not part.journal:
            self._put_start()
        while part.tip.sequence_no < part.last:
            self._put_span(out_of_time)
            save()
            if out_of_time():
                return False
        self._put_final()
        return True

    def _put_span(self, out_of_time: OutOfTime) -> None:
        """Put objects and remember the ads in them, as many as fit into memory; write those."""
        part, first = self._part, self._part.tip.sequence_no + 1
        structs: deque[Any] = deque()
        newest: dict[str, AdRevision] = {}
        size = 0
        stored = self._dated(structs, first)
        entries: list[ObjectEntry] = []
        for found in data_objects(stored, self._object_bytes_max):
            own = [structs.popleft() for _ in found.blocks]
            entries.append(self._put_object(found, own))
            for revision in (each for struct in own for each in ads_of(struct)):
                newest[revision.ad_id] = revision
                part.revisions += 1
                size += len(rows.line(revision))
            if size > self._run_bytes_max or out_of_time():
                break
        part.tip = self._chain.tip
        part.journal.extend(entries)
        if newest:
            prefix = run_prefix(self._request.snapshot_id, part.ledger, first, part.tip.sequence_no)
            part.runs.append(write_run(self._store, prefix, newest.values()))

    def _dated(self, structs: deque[Any], first: int) -> Iterator[DatedBlock]:
        """The blocks, each decoded once: its struct is put aside for whoever writes it."""
        for stored in self._journal.blocks(first, self._part.last):
            struct = published(stored)
            structs.append(struct)
            try:
                address = struct["blockAddress"]
                dated = DatedBlock(stored, struct["blockTimestamp"], str(address["strandId"]))
            except (KeyError, TypeError) as error:
                raise self._damaged(stored, repr(error)) from error
            yield dated

    def _put_object(self, found: DataObject, structs: list[Any]) -> ObjectEntry:
        key = found.key(self._prefix, FORM)
        for stored, struct in zip(found.blocks, structs, strict=True):
            number = stored.sequence_no
            self._chain = self._chain.joined(ReadBlock(key, struct, number, exact=True))
            link = self._chain.link
            if link is None or (link.block_hash, self._chain.peaks) != (
                stored.block_hash,
                stored.peaks,
            ):
                raise self._damaged(stored, "its hash or its peaks do not follow from its content")
        data = b"".join(map(FORM.encode, structs))
        self._store.put(key, data, FORM.content_type)
        return ObjectEntry.of(key, data)

    def _put_start(self) -> None:
        export = ExportRequest(
            export_id=self._export_id,
            ledger_name=self._part.ledger,
            inclusive_start=self._start,
            exclusive_end=self._request.end,
            bucket=self._bucket,
            prefix=self._prefix,
            output_format=FORM.name,
        )
        self._put_manifest(
            start_manifest_key(self._prefix, self._export_id), start_manifest(export)
        )

    def _put_final(self) -> None:
        part = self._part
        keys = [entry.key for entry in part.journal[1:]]
        part.journal_manifest = final_manifest_key(
            self._prefix, self._export_id, part.tip.strand_id
        )
        self._put_manifest(part.journal_manifest, final_manifest(keys))

    def _put_manifest(self, key: str, manifest: Any) -> None:
        data = FORM.encode(manifest)
        self._store.put(key, data, FORM.content_type)
        self._part.journal.append(ObjectEntry.of(key, data))

    def _damaged(self, stored: StoredBlock, reason: str) -> CorruptJournalError:
        return CorruptJournalError(
            f"block {stored.sequence_no} of ledger {self._part.ledger} is not what was sealed"
            f" ({reason}): verify the ledger, no snapshot is taken of it"
        )
