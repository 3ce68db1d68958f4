"""`adledger verify`: a proof, a ledger, an export or a snapshot, held to its own hashes."""

import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.text import Text

from cli.cloud import Cloud, reaching
from cli.errors import FailedError, UsageError
from cli.proof import PROOF_BYTES_MAX, Proven, check_proof
from cli.screen import Report, Screen, plain, told
from runtime.ledger import ion, merkle
from runtime.ledger.errors import VerificationError
from runtime.ledger.exports.errors import ExportError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.hashing import ion_hash
from runtime.ledger.imports.chain import Link, check
from runtime.ledger.imports.errors import DamagedExportError
from runtime.ledger.storage.port import JournalStorage, StoredBlock
from runtime.ledger.verify import verify_blocks
from runtime.ledger.verify.kept import KeptDigest
from runtime.snapshot.verify import Verification
from runtime.snapshot.verify import verify as verify_objects
from runtime.snapshots.errors import SnapshotError

STANDARD_INPUT: Final = "-"
FAULTS_NAMED_MAX: Final = 5
Item = TypeVar("Item")


def verify_proof(screen: Screen, source: str, digest: bytes | None) -> None:
    """Check a proof (a file, or "-") with nothing but itself; FailedError when it is none."""
    proven = check_proof(_text(source), digest)
    value = {
        "verified": True,
        "digest": proven.digest,
        "trusted": proven.trusted,
        "version": proven.version,
        # No hash of a proof covers these: nobody should read them as if one did.
        "onlySaid": {
            "ledger": proven.ledger,
            "strandId": proven.strand_id,
            "block": proven.block,
            "tip": proven.tip,
        },
    }
    screen.show(value, lambda console: _show_proof(console, proven))


def verify_ledgers(
    screen: Screen,
    cloud: Cloud,
    names: list[str] | None,
    *,
    digest: bytes | None = None,
    tip: int | None = None,
    reference: bool = False,
) -> None:
    """Verify whole journals, block 0 first; FailedError names what is wrong first.

    A digest that was kept is compared with that of the one ledger up to `tip`; without a tip the
    block is found that it ended with. `reference` makes Ion hashes by ionhash, several times
    slower.
    """
    if digest is not None and len(names or ()) != 1:
        raise UsageError("a digest is of one ledger: name it with --ledger")
    journals = cloud.filled(names)
    if not journals:
        raise FailedError(f"table {cloud.output('journalTableName')} holds no ledger to verify")
    found: list[Mapping[str, Any]] = []
    with screen.progress() as report:
        for name, journal in journals.items():
            found.append(_verify_ledger(name, journal, digest, tip, report, reference=reference))
    screen.show(found, lambda console: _show_ledgers(console, found))


def _verify_ledger(
    name: str,
    journal: JournalStorage,
    digest: bytes | None,
    tip: int | None,
    report: Report,
    *,
    reference: bool,
) -> Mapping[str, Any]:
    with reaching(f"ledger {name}"):
        last = _tip(name, journal, tip)
        blocks = journal.blocks(0, last.sequence_no)
        counted = _counted(f"verify {name}", blocks, last.sequence_no + 1, report)
        hashing = ion.reference_hash if reference else ion_hash
        kept = None if digest is None or tip is not None else KeptDigest(digest)
        exact = digest if kept is None else None
        try:
            verified = verify_blocks((block.ion for block in counted), exact, hashing, kept)
            digest_tip = _digest_tip(digest, kept, last.sequence_no)
        except VerificationError as error:
            raise FailedError(f"ledger {name} does not verify: {error}") from error
    if verified.blocks != last.sequence_no + 1 or merkle.fold(last.peaks) != verified.digest:
        raise FailedError(
            f"ledger {name} does not verify: what its block {last.sequence_no} keeps for digests "
            f"is not of its {verified.blocks} blocks"
        )
    return {
        "ledger": name,
        "verified": True,
        "blocks": verified.blocks,
        "revisions": verified.revisions,
        "strandId": verified.strand_id,
        "digest": b64encode(verified.digest).decode(),
        "tip": last.sequence_no,
        "trusted": digest is not None,
        "digestTip": digest_tip,
    }


def _digest_tip(digest: bytes | None, kept: KeptDigest | None, tip: int) -> int | None:
    """The block that the digest given ended with; None without one."""
    if digest is None:
        return None
    return tip if kept is None else kept.found()


def _tip(name: str, journal: JournalStorage, tip: int | None) -> StoredBlock:
    found = journal.head() if tip is None else next(journal.blocks(tip, tip), None)
    if found is None:
        raise FailedError(f"ledger {name} has no block {tip}")
    return found


def verify_export(screen: Screen, folder: Path, export_id: str, digest: bytes | None) -> None:
    """Verify an export in a folder from its block 0 to its last."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    destination = FolderDestination(folder)
    try:
        reader = ExportReader(destination, _manifest(destination, export_id))
        with screen.progress() as report:
            kept = None if digest is None else KeptDigest(digest)
            found = _verify_export(reader, kept, report)
            digest_tip = None if kept is None else kept.found()
    except (ExportError, DamagedExportError, VerificationError) as error:
        raise FailedError(f"the export does not verify: {error}") from error
    value = {**found, "trusted": digest is not None, "digestTip": digest_tip}
    screen.show(value, lambda console: _show_ledgers(console, [value]))


def _manifest(destination: FolderDestination, export_id: str) -> str:
    """The final manifest's key, wherever in the folder it is."""
    keys = [key for key in destination.keys("") if key.endswith(".completed.manifest")]
    prefixes = {key.rpartition("/")[0] for key in keys if export_id in key.rpartition("/")[2]}
    if len(prefixes) == 1:
        return find_final_manifest(destination, prefixes.pop(), export_id)
    raise UsageError(
        "the folder has no finished export"
        if not prefixes
        else "the folder has several exports; name one with --export-id"
    )


def _verify_export(reader: ExportReader, kept: KeptDigest | None, report: Report) -> dict[str, Any]:
    objects = reader.objects
    if not objects or objects[0][1].first > 0:
        raise FailedError("the export does not begin with block 0, from which a chain is verified")
    total = objects[-1][1].last + 1
    link: Link | None = None
    peaks: merkle.Peaks = ()
    revisions = 0
    for block in _counted("verify the export", reader.blocks(), total, report):
        checked = check(block, link)
        link = checked.link
        peaks = merkle.append(peaks, link.sequence_no, link.block_hash)
        if kept is not None:
            kept.add([link.block_hash])
        revisions += len(checked.struct.get("revisions", ()))
    digest = b64encode(merkle.fold(peaks)).decode()
    strand_id = "" if link is None else link.strand_id
    about = {"ledger": "export", "verified": True, "blocks": total, "revisions": revisions}
    return {**about, "strandId": strand_id, "digest": digest, "tip": total - 1}


def verify_snapshot(
    screen: Screen, folder: Path, snapshot_id: str, digests: Mapping[str, bytes]
) -> None:
    """Verify a snapshot in a folder, and all snapshots before it."""
    kept = {ledger: digest.hex() for ledger, digest in digests.items()}
    try:
        with screen.progress() as report:
            done = verify_objects(
                FolderDestination(folder),
                snapshot_id,
                digests=kept,
                report=lambda key: report(f"verify {key}", 1, 1),
            )
    except (SnapshotError, ExportError) as error:
        raise FailedError(f"snapshot {snapshot_id} does not verify: {error}") from error
    screen.show(
        {"snapshotId": snapshot_id, "verified": done.holds, **asdict(done)},
        lambda console: _show_snapshot(console, snapshot_id, done),
    )
    if not done.holds:
        first = done.faults[0]
        raise FailedError(f"snapshot {snapshot_id} does not verify: {first.key}: {first.reason}")


def _text(source: str) -> str:
    try:
        if source == STANDARD_INPUT:
            return sys.stdin.read(PROOF_BYTES_MAX + 1)
        with Path(source).open(encoding="utf-8") as file:
            return file.read(PROOF_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FailedError(f"the proof does not verify: {source} is not text") from error


def _counted(what: str, items: Iterable[Item], total: int, report: Report) -> Iterator[Item]:
    for done, item in enumerate(items, 1):
        yield item
        report(what, done, total)


def _show_proof(console: Console, proven: Proven) -> None:
    console.print(Text("✓ verified: this version is under the digest", style="green"))
    _show_fields(console, proven.version)
    console.print(Text(f"  digest {proven.digest}"))
    _show_trust(console, trusted=proven.trusted)
    where = (
        f"ledger {proven.ledger}, block {proven.block} of strand {proven.strand_id}, "
        f"digest of the blocks up to {proven.tip}"
    )
    console.print(Text(plain(f"  not proven, only said by the file: {where}"), style="yellow"))


def _show_ledgers(console: Console, found: list[Mapping[str, Any]]) -> None:
    for each in found:
        line = f"✓ {each['ledger']}: {each['blocks']} blocks, {each['revisions']} revisions"
        console.print(Text(line, style="green"))
        console.print(Text(f"  digest {each['digest']} at block {each['tip']}"))
        if each["trusted"] and each["digestTip"] != each["tip"]:
            words = f"  the one you gave is that at block {each['digestTip']}: nothing up to it was"
            console.print(Text(f"{words} altered, later blocks were appended since", style="dim"))
        else:
            _show_trust(console, trusted=each["trusted"])


def _show_trust(console: Console, *, trusted: bool) -> None:
    words = (
        "  the same as the one you gave, so nothing under it was altered"
        if trusted
        else "  compare it with one that you had from elsewhere, or keep it and give it next time"
    )
    console.print(Text(words, style="dim"))


def _show_snapshot(console: Console, snapshot_id: str, done: Verification) -> None:
    counts = f"{done.snapshots} snapshots, {done.objects} objects, {done.blocks} blocks"
    line = f"{'✓' if done.holds else '✗'} {snapshot_id}: {counts}, {done.ads} ads"
    console.print(Text(plain(line), style="green" if done.holds else "red"))
    _show_fields(console, {f"digest of {name}": d for name, d in done.digests.items()})
    for fault in done.faults[:FAULTS_NAMED_MAX]:
        console.print(Text(plain(f"  {fault.key}: {fault.reason}"), style="red"))


def _show_fields(console: Console, fields: Mapping[str, Any]) -> None:
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        console.print(Text(f"  {name:<{width}}  {told(value)}"))
