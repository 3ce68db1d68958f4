"""Verify a ledger, an export or a proof: python -m runtime.ledger.verify ledger FILE.

The exit status is 0 when everything is in order, 1 when something is not what was committed, which
is then named, and 2 when that cannot be told.
"""

import argparse
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from runtime.ledger.errors import CorruptJournalError, LedgerError, ProofError, RangeError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import find_final_manifest
from runtime.ledger.progress import bar
from runtime.ledger.verify.arithmetic import HASH_SIZE
from runtime.ledger.verify.kept import KeptDigest
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.place import Place
from runtime.ledger.verify.proof_file import check_proof_file
from runtime.ledger.verify.ranges import upon_block_before
from runtime.ledger.verify.shown import Sealer
from runtime.ledger.verify.sources import ExportFolder, LedgerFile, Source

WRONG, UNKNOWN = 1, 2
_NUMBER: Final = re.compile("[0-9]{1,15}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the arguments name; the exit status."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    nonsense = _nonsense(asked)
    if nonsense is not None:
        parser.error(nonsense)
    try:
        print(asked.run(asked))
    except (CorruptJournalError, ProofError) as error:
        print(f"not verified: {_printable(error)}", file=sys.stderr)
        return WRONG
    except (LedgerError, OSError) as error:
        print(f"cannot verify: {_printable(error)}", file=sys.stderr)
        return UNKNOWN
    return 0


def _nonsense(asked: argparse.Namespace) -> str | None:
    """What makes no sense of the options together; None when they do."""
    first, last = getattr(asked, "first", 0), getattr(asked, "last", None)
    if first and asked.digest:
        return "a digest covers blocks from 0 on: leave out --first or --digest"
    if last is not None and last < first:
        return f"--last {last} is before --first {first}: there is no block between them"
    if getattr(asked, "previous_hash", None) and not first:
        return "block 0 follows no other: give --first with --previous-hash, or leave it out"
    if getattr(asked, "reference", False) and Sealer(asked.sealer) is Sealer.QLDB:
        return "the slow check is of this ledger's blocks: leave out --reference or --sealer"
    return None


def _printable(error: Exception) -> str:
    """What is wrong on one line: damage may have put anything into it."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(error))


def _ledger(asked: argparse.Namespace) -> str:
    file = LedgerFile(asked.file, asked.reference, Sealer(asked.sealer))
    told = _verified(file, asked)
    file.check_pages()
    return told


def _export(asked: argparse.Namespace) -> str:
    manifest = find_final_manifest(FolderDestination(asked.folder), asked.prefix, asked.export_id)
    sealer = Sealer(asked.sealer)
    return _verified(ExportFolder(asked.folder, manifest, sealer, asked.rewritten), asked)


def _verified(source: Source, asked: argparse.Namespace) -> str:
    end = None if asked.last is None else asked.last + 1
    begin = _begin(source, asked, end)
    kept = KeptDigest(asked.digest) if asked.digest and end is None else None
    digest = None if kept else asked.digest
    found = verify(source, begin, end, digest, asked.processes, bar("blocks"), kept=kept)
    if not found.blocks:
        raise RangeError("there is no block yet, so there is nothing to verify")
    last = asked.first + found.blocks - 1
    summary = f"{found.blocks} blocks with {found.revisions} revisions are in order"
    if begin is not None:
        before = f"block {asked.first - 1} as it is there, whose hash is"
        upon = "the hash given," if asked.previous_hash else before
        upon = f"{upon} {b64encode(begin.previous_hash).decode()}"
        return f"{summary}: blocks {asked.first} to {last}, upon {upon}"
    digests = f"digest of the blocks up to {last} {b64encode(found.digest).decode()}"
    return f"{summary}: strand {found.strand_id}, {digests}, {_known(asked.digest, kept, last)}"


def _begin(source: Source, asked: argparse.Namespace, end: int | None) -> Place | None:
    if not asked.first:
        return None
    if asked.previous_hash:
        return Place(asked.first, asked.previous_hash)
    return upon_block_before(source, asked.first, end)


def _known(digest: bytes | None, kept: KeptDigest | None, last: int) -> str:
    """What the digest that was given, if there was one, shows."""
    if digest is None:
        return "compare it with one that was kept"
    at = kept.found() if kept else last
    if at == last:
        return "as given"
    return f"the one given is that of the blocks up to {at}, to which later ones were appended"


def _proof(asked: argparse.Namespace) -> str:
    try:
        text = asked.file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProofError(f"{asked.file} holds no proof: byte {error.start} is not UTF-8") from error
    return check_proof_file(text, Sealer(asked.sealer))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtime.ledger.verify", description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    ledger = _kind(kinds.add_parser, "ledger", _ledger, "a ledger's file")
    ledger.add_argument("file", type=Path, help="as the server or the library keeps it")
    ledger.add_argument("--reference", action="store_true", help="hash with ionhash, slowly")
    _add_range(ledger)
    export = _kind(kinds.add_parser, "export", _export, "an export in a folder")
    export.add_argument("folder", type=Path, help="with the bucket's objects")
    export.add_argument("--prefix", default="", help="the export's prefix in the bucket")
    export.add_argument("--export-id", default="", help="where the prefix has several exports")
    export.add_argument(
        "--rewritten",
        action="store_true",
        help="admit blocks of this ledger that another program wrote anew; hashes have to hold",
    )
    _add_range(export)
    proof = _kind(kinds.add_parser, "proof", _proof, "a proof in a file of Ion text")
    proof.add_argument("file", type=Path, help="{digest, digestTipAddress, proof, block, …}")
    for each in (ledger, export, proof):
        each.add_argument(
            "--sealer",
            choices=[sealer.value for sealer in Sealer],
            default=Sealer.LEDGER.value,
            help="who sealed the first blocks: of QLDB's, hashes cover less",
        )
    return parser


def _kind(
    add: Callable[..., argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], str],
    what: str,
) -> argparse.ArgumentParser:
    parser = add(name, help=what, description=f"Verify {what}.")
    parser.set_defaults(run=run)
    return parser


def _add_range(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--digest", type=_hash, help="one that was kept, in base64 or hex")
    parser.add_argument("--first", type=_number, default=0, help="the first block, else 0")
    parser.add_argument(
        "--previous-hash",
        type=_hash,
        help="of the block before it, as a digest; else that block's as it is there",
    )
    parser.add_argument(
        "--last", type=_number, help="the last block, with which --digest ends; else the newest"
    )
    parser.add_argument("--processes", type=_count, help="else one for each processor")


def _hash(text: str) -> bytes:
    try:
        is_hex = len(text) == 2 * HASH_SIZE
        found = bytes.fromhex(text) if is_hex else b64decode(text, validate=True)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither base64 nor hex") from error
    if len(found) != HASH_SIZE:
        raise argparse.ArgumentTypeError(f"{text!r} is {len(found)} bytes, a hash has {HASH_SIZE}")
    return found


def _number(text: str, least: int = 0) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else -1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} on")
    return number


def _count(text: str) -> int:
    return _number(text, 1)


if __name__ == "__main__":
    sys.exit(main())
