"""Verify a ledger, an export or a proof: python -m runtime.ledger.verify ledger FILE.

The exit status is 0 when everything is in order, 1 when something is not what was committed, which
is then named, and 2 when that cannot be told.
"""

import argparse
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.ledger.errors import CorruptJournalError, LedgerError, ProofError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import find_final_manifest
from runtime.ledger.progress import bar
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.place import Place
from runtime.ledger.verify.proof_file import check_proof_file
from runtime.ledger.verify.shown import Sealer
from runtime.ledger.verify.sources import ExportFolder, LedgerFile, Source

WRONG, UNKNOWN = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the arguments name; the exit status."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if getattr(asked, "first", 0) and asked.digest:
        parser.error("a digest covers blocks from 0 on: leave out --first or --digest")
    if getattr(asked, "reference", False) and Sealer(asked.sealer) is Sealer.QLDB:
        parser.error("the slow check is of this ledger's blocks: leave out --reference or --sealer")
    try:
        print(asked.run(asked))
    except (CorruptJournalError, ProofError) as error:
        print(f"not verified: {_printable(error)}", file=sys.stderr)
        return WRONG
    except (LedgerError, OSError) as error:
        print(f"cannot verify: {_printable(error)}", file=sys.stderr)
        return UNKNOWN
    return 0


def _printable(error: Exception) -> str:
    """What is wrong on one line: damage may have put anything into it."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(error))


def _ledger(asked: argparse.Namespace) -> str:
    return _verified(LedgerFile(asked.file, asked.reference, Sealer(asked.sealer)), asked)


def _export(asked: argparse.Namespace) -> str:
    manifest = find_final_manifest(FolderDestination(asked.folder), asked.prefix, asked.export_id)
    sealer = Sealer(asked.sealer)
    return _verified(ExportFolder(asked.folder, manifest, sealer, asked.rewritten), asked)


def _verified(source: Source, asked: argparse.Namespace) -> str:
    begin = Place(asked.first, asked.previous_hash) if asked.first else None
    end = None if asked.last is None else asked.last + 1
    found = verify(source, begin, end, asked.digest, asked.processes, bar("blocks"))
    last = asked.first + found.blocks - 1
    summary = f"{found.blocks} blocks with {found.revisions} revisions are in order"
    if begin is not None:
        return f"{summary}: blocks {asked.first} to {last}, upon {begin.previous_hash.hex()}"
    digest = b64encode(found.digest).decode()
    known = "as given" if asked.digest else "compare it with one that was kept"
    return (
        f"{summary}: strand {found.strand_id}, digest of the blocks up to {last} {digest}, {known}"
    )


def _proof(asked: argparse.Namespace) -> str:
    return check_proof_file(asked.file.read_text(encoding="utf-8"), Sealer(asked.sealer))


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
    parser.add_argument("--digest", type=b64decode, help="one that was kept, in base64")
    parser.add_argument("--first", type=int, default=0, help="the first block, else 0")
    parser.add_argument(
        "--previous-hash", type=b64decode, default=b"", help="of the block before it, in base64"
    )
    parser.add_argument("--last", type=int, help="the last block, else the newest")
    parser.add_argument("--processes", type=int, help="else one for each processor")


if __name__ == "__main__":
    sys.exit(main())
