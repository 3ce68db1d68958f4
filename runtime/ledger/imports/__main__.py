"""Build a ledger's file from a journal export: python -m runtime.ledger.imports EXPORT FILE."""

import argparse
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import boto3

from runtime.ledger.errors import LedgerError
from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.imports.importer import import_journal
from runtime.ledger.storage.sqlite import SqliteStorage

PROGRESS_INTERVAL_S: Final = 1.0
_S3: Final = "s3://"


def main(arguments: Sequence[str] | None = None) -> int:
    """Import, or go on with an import that was ended; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        destination = _destination(asked.export)
        manifest = find_final_manifest(destination, asked.prefix, asked.export_id)
        storage = SqliteStorage(asked.file)
        try:
            imported = import_journal(
                ExportReader(destination, manifest),
                storage,
                digest=asked.digest,
                rewritten=asked.rewritten,
                report=_progress(),
            )
        finally:
            storage.close()
    except LedgerError as error:
        print(f"cannot import {asked.export}: {error}", file=sys.stderr)
        return 1
    print(
        f"{asked.file}: {imported.blocks_added} blocks added, the newest is"
        f" {imported.sequence_no} of strand {imported.strand_id},"
        f" digest {b64encode(imported.digest).decode()}"
    )
    return 0


def _destination(export: str) -> Destination:
    if export.startswith(_S3):
        return S3Destination(boto3.Session().client("s3"), export[len(_S3) :].rstrip("/"))
    return FolderDestination(Path(export))


def _progress() -> Callable[[int, int], None]:
    """Says now and then how far the import is."""
    said_s = time.monotonic()

    def report(sequence_no: int, last: int) -> None:
        nonlocal said_s
        if time.monotonic() - said_s >= PROGRESS_INTERVAL_S:
            said_s = time.monotonic()
            print(f"block {sequence_no} of {last}", file=sys.stderr, flush=True)

    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtime.ledger.imports", description=__doc__)
    parser.add_argument("export", help="s3://BUCKET, or a folder with the bucket's objects")
    parser.add_argument("file", type=Path, help="the ledger's file; may hold an earlier part")
    parser.add_argument("--prefix", default="", help="the export's prefix in the bucket")
    parser.add_argument(
        "--export-id", default="", help="needed where the prefix has more than one export"
    )
    parser.add_argument(
        "--digest", type=b64decode, help="the ledger's digest at the export's end, in base64"
    )
    parser.add_argument(
        "--rewritten",
        action="store_true",
        help="admit blocks of this ledger that another program wrote anew; hashes have to hold",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
