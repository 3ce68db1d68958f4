"""Audit a ledger's file: python -m runtime.ledger.audit FILE.

The file itself is looked at, every block is verified, and every revision and index entry is held to
them. The exit status is 0 when all is as it should be, 1 when something is not, which is then
named, and 2 when that cannot be told.
"""

import argparse
import sqlite3
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from runtime.ledger.audit.auditing import Audit, audit
from runtime.ledger.errors import CorruptJournalError, LedgerError
from runtime.ledger.progress import bar
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.storage.sqlite_check import findings
from runtime.ledger.storage.sqlite_file import SqliteFile

WRONG, UNKNOWN = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit the file that the arguments name; the exit status."""
    asked = _parser().parse_args(arguments)
    if not asked.file.is_file():
        print(f"cannot audit: there is no file {asked.file}", file=sys.stderr)
        return UNKNOWN
    try:
        damage = _damage(asked.file)
        found = _audit(asked.file, asked.digest)
    except CorruptJournalError as error:
        print(f"not in order: {error}", file=sys.stderr)
        return WRONG
    except (LedgerError, sqlite3.Error) as error:
        print(f"cannot audit: {error}", file=sys.stderr)
        return UNKNOWN
    wrong = [f"the file: {line}" for line in damage] + [each.what for each in found.findings]
    for line in wrong:
        print(f"not in order: {line}", file=sys.stderr)
    print(_summary(found))
    return WRONG if wrong else 0


def _damage(file: Path) -> list[str]:
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return findings(connection)


def _audit(file: Path, digest: bytes | None) -> Audit:
    storage = SqliteStorage(file, open_file=partial(SqliteFile, checks=False))
    try:
        return audit(storage, digest, bar("blocks"))
    finally:
        storage.close()


def _summary(found: Audit) -> str:
    return (
        f"audited {found.blocks} blocks, {found.revisions} revisions and {found.index_entries}"
        f" index entries; digest {b64encode(found.digest).decode()}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtime.ledger.audit", description=__doc__)
    parser.add_argument("file", type=Path, help="as the server or the library keeps it")
    parser.add_argument("--digest", type=b64decode, help="one that was kept, in base64")
    return parser


if __name__ == "__main__":
    sys.exit(main())
