"""A ledger built from an export, every hash checked on the way; it goes on where it was ended."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.ledger import merkle
from runtime.ledger.catalog import CatalogCache
from runtime.ledger.exports.reader import ExportReader, ReadBlock
from runtime.ledger.imports.appending import Appending
from runtime.ledger.imports.chain import check, is_ours, link_of
from runtime.ledger.imports.commits import Commits
from runtime.ledger.imports.entries import Entries
from runtime.ledger.imports.errors import (
    DamagedExportError,
    ImportRefusedError,
    OtherLedgerError,
)
from runtime.ledger.imports.faults import MALFORMED, FaultError, blob
from runtime.ledger.imports.survey import Survey
from runtime.ledger.imports.tables import Tables
from runtime.ledger.storage.port import JournalStorage, StoredBlock


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made of a store."""

    strand_id: str
    sequence_no: int
    """Of the newest block in the store."""
    digest: bytes
    """The Merkle root over all block hashes in the store: 32 bytes."""
    blocks_added: int
    """0 when the store had them all."""


def _ignore(sequence_no: int, last: int) -> None:
    del sequence_no, last


def import_journal(
    reader: ExportReader,
    storage: JournalStorage,
    *,
    digest: bytes | None = None,
    rewritten: bool = False,
    report: Callable[[int, int], None] = _ignore,
) -> Imported:
    """Append an export's blocks to a store that nobody else uses meanwhile.

    The store is empty, or it holds blocks that the export begins with or follows; those are not
    imported again. `digest` is a digest of the ledger at the export's last block, if one was kept:
    only it shows that the whole journal was not made up. `rewritten` admits blocks of ours in
    other bytes than ours, their hashes holding. `report` is given each block's number and the last.

    Raises DamagedExportError at the first block that is not what was sealed; UnreadableExportError
    and DestinationError where an object cannot be read; ImportRefusedError when the export does
    not begin with block 0, or has another digest; OtherLedgerError when the store holds other
    blocks. What was appended before stays, and importing again goes on.
    """
    if not reader.objects:
        raise ImportRefusedError("the export has no block: choose an earlier start for it")
    head = storage.head()
    _check_begin(reader, storage, head)
    before = -1 if head is None else head.sequence_no
    head = _append(reader, storage, head, rewritten=rewritten, report=report)
    imported = Imported(
        strand_id=link_of(head).strand_id,
        sequence_no=head.sequence_no,
        digest=merkle.fold(head.peaks),
        blocks_added=head.sequence_no - before,
    )
    if digest is not None and imported.digest != digest:
        raise ImportRefusedError(
            f"the digest at block {imported.sequence_no} is {imported.digest.hex()}, not the one"
            f" that was kept, {digest.hex()}: the export is of another ledger or another time, or"
            " its journal was rewritten; do not use what was imported"
        )
    return imported


def _append(
    reader: ExportReader,
    storage: JournalStorage,
    head: StoredBlock | None,
    *,
    rewritten: bool,
    report: Callable[[int, int], None],
) -> StoredBlock:
    """Append the blocks after `head`; the newest in the store then."""
    first, last = reader.objects[0][1].first, reader.objects[-1][1].last
    if head is not None and head.sequence_no >= last:
        return head
    survey, ours = Survey(), _is_ours(_block(reader, first))
    if not ours:
        survey.look(block.struct for block in reader.blocks())
    tables = Tables(CatalogCache(storage).at(head), survey)
    link = None if head is None else link_of(head)
    with Appending(storage) as appending:
        looks_back = appending.settle if ours or first > 0 else None
        commits = Commits(head, tables, Entries(storage, survey, looks_back))
        newest = head
        for block in reader.blocks(0 if head is None else head.sequence_no + 1):
            checked = check(block, link, rewritten=rewritten)
            commit = commits.commit(checked)
            appending.append(commit)
            link, newest = checked.link, commit.block
            report(link.sequence_no, last)
    if newest is None:
        raise ImportRefusedError("the export has no block behind its manifest: export again")
    return newest


def _check_begin(reader: ExportReader, storage: JournalStorage, head: StoredBlock | None) -> None:
    """The export begins where a journal does, or continues the store's."""
    first, last = reader.objects[0][1].first, reader.objects[-1][1].last
    if head is None:
        if first > 0:
            raise ImportRefusedError(
                f"the export begins with block {first}: a ledger is built from its block 0 on,"
                " so export from its creation or import the earlier blocks first"
            )
        return
    if first > head.sequence_no + 1:
        raise ImportRefusedError(
            f"the export begins with block {first}, the ledger ends with {head.sequence_no}:"
            " import what is between them first"
        )
    if first == head.sequence_no + 1:
        joined = _hash(_block(reader, first), "previousBlockHash") == head.block_hash
    else:
        number = min(last, head.sequence_no)
        stored = next(iter(storage.blocks(number, number)))
        joined = _hash(_block(reader, number), "blockHash") == stored.block_hash
    if not joined:
        raise OtherLedgerError(
            f"the ledger holds {head.sequence_no + 1} blocks that are not those of the export:"
            " import into an empty one"
        )


def _block(reader: ExportReader, number: int) -> ReadBlock:
    return next(reader.blocks(number))


def _hash(block: ReadBlock, name: str) -> bytes:
    try:
        return blob(block.struct[name])
    except (*MALFORMED, FaultError) as error:
        raise DamagedExportError(block.key, block.sequence_no, f"it has no {name}") from error


def _is_ours(block: ReadBlock) -> bool:
    try:
        return is_ours(block.struct)
    except MALFORMED as error:
        reason = f"it has not the layout of a block ({error!r})"
        raise DamagedExportError(block.key, block.sequence_no, reason) from error
