"""Back ledgers up, verify backups, restore: python -m runtime.ledger.backups make DATA PLACE.

A ledger's backup is PLACE/LEDGER; PLACE is a folder or s3://BUCKET/PREFIX. The exit status is 0
when all is done, 1 when something was refused or is not what it should be, which is then named.
"""

import argparse
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime

from runtime.ledger.backups.backup import back_up
from runtime.ledger.backups.place import Place
from runtime.ledger.backups.restoration import Goal, Known, VerifiedBackup, restore, verify
from runtime.ledger.backups.stores import ledgers_in, opened, place_named
from runtime.ledger.errors import LedgerError
from runtime.ledger.exports.layout import with_slash
from runtime.ledger.progress import bar


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments ask for; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except (LedgerError, OSError) as error:
        print(f"cannot {asked.what}: {error}", file=sys.stderr)
        return 1
    return 0


def _make(asked: argparse.Namespace) -> None:
    place, prefix = place_named(asked.place)
    for ledger in [asked.ledger] if asked.ledger else ledgers_in(asked.source):
        with opened(asked.source, ledger) as storage:
            if storage.head() is None:
                print(f"{ledger}: no block yet")
                continue
            found = back_up(storage, ledger, place, with_slash(prefix) + ledger, bar("blocks"))
        _say(f"{ledger}: backed up", found.sequence_no, found.digest)


def _verify(asked: argparse.Namespace) -> None:
    place, prefix = place_named(asked.place)
    found = _verified(asked, place, prefix)
    _say(f"{asked.ledger}: the backup is whole", found.sequence_no, found.digest)


def _restore(asked: argparse.Namespace) -> None:
    place, prefix = place_named(asked.place)
    verified = _verified(asked, place, prefix)
    with opened(asked.target, asked.ledger) as storage:
        found = restore(verified, place, storage, bar("blocks restored"))
    _say(f"{asked.ledger}: {found.blocks_added} blocks added", found.sequence_no, found.digest)


def _verified(asked: argparse.Namespace, place: Place, prefix: str) -> VerifiedBackup:
    known = None if asked.digest is None else Known(asked.digest, asked.digest_block)
    goal = Goal(asked.block, asked.time)
    return verify(place, with_slash(prefix) + asked.ledger, goal, known, bar("blocks verified"))


def _say(what: str, sequence_no: int, digest: bytes) -> None:
    print(f"{what}, up to block {sequence_no}, digest {b64encode(digest).decode()}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtime.ledger.backups", description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    make = kinds.add_parser("make", help="back ledgers up, or add what is new")
    make.add_argument("source", help="a ledger's file, a server's data, dynamodb://TABLE/LEDGER")
    make.add_argument("place", help="a folder or s3://BUCKET/PREFIX")
    make.add_argument("--ledger", help="only this one of a server's")
    make.set_defaults(run=_make, what="back up")
    check = kinds.add_parser("verify", help="check every byte of a backup")
    check.set_defaults(run=_verify, what="verify the backup")
    again = kinds.add_parser("restore", help="build a ledger from a backup, verified first")
    again.set_defaults(run=_restore, what="restore")
    for each in (check, again):
        each.add_argument("place", help="a folder or s3://BUCKET/PREFIX")
        each.add_argument("ledger", help="the ledger's name")
        until = each.add_mutually_exclusive_group()
        until.add_argument("--block", type=int, help="the last block, else the newest")
        until.add_argument("--time", type=_moment, help="as 2026-01-02T03:04:05Z")
        each.add_argument("--digest", type=b64decode, help="one that was kept, in base64")
        each.add_argument(
            "--digest-block", type=int, help="its tip, else the backup's newest block"
        )
    again.add_argument("target", help="as a source: a new file, a server's data, a table")
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone")
    return moment


if __name__ == "__main__":
    sys.exit(main())
