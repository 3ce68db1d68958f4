"""adledger's commands: `adledger --help`.

Exit codes: 0 done, 1 failed or not verified, 2 usage, 3 unreachable, 4 still at work, 130
interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cli.errors import OK, CliError
from cli.parser import parser
from cli.screen import Screen

if TYPE_CHECKING:
    from cli.cloud import Cloud

INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, the reason for any but 0 on stderr."""
    options = parser().parse_args(arguments)
    screen = Screen(as_json=options.json)
    try:
        run(screen, options)
        return OK
    except CliError as error:
        screen.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has had enough; nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def run(screen: Screen, options: argparse.Namespace) -> None:
    """Do what the options say. Imports come late: help and a proof need few of them."""
    match options.command:
        case "verify":
            _verify(screen, options)
        case "replay" | "snapshot":
            _operate(screen, options)
        case "history":
            from cli.history import history

            history(screen, _cloud(options), options.ad, options.publisher)
        case "list":
            from cli.listing import listing

            listing(screen, _cloud(options), options.publisher, options.at)
        case "tail":
            _tail(screen, options)
        case _:
            from cli.lag import lag

            lag(screen, _cloud(options), options.blocks, options.max_seconds)


def _cloud(options: argparse.Namespace) -> "Cloud":
    from cli.cloud import Cloud

    return Cloud.at(options.outputs)


def _verify(screen: Screen, options: argparse.Namespace) -> None:
    from cli import verify

    match options.what:
        case "proof":
            verify.verify_proof(screen, options.file, options.digest)
        case "ledger":
            verify.verify_ledgers(
                screen,
                _cloud(options),
                options.ledger,
                digest=options.digest,
                tip=options.tip,
                reference=options.reference,
            )
        case "export":
            verify.verify_export(screen, options.folder, options.export_id, options.digest)
        case _:
            verify.verify_snapshot(screen, options.folder, options.id, dict(options.digest or ()))


def _tail(screen: Screen, options: argparse.Namespace) -> None:
    from cli.tail import Following, tail

    following = Following(
        ad_id=options.ad,
        publisher_id=options.publisher,
        since=options.since,
        count_max=options.count,
        quiet_s=options.quiet,
    )
    tail(screen, _cloud(options), following, options.ledger)


def _operate(screen: Screen, options: argparse.Namespace) -> None:
    if options.what == "restore":
        return _restore(screen, options)
    from cli.operations import Operations

    wait_s = options.timeout if getattr(options, "wait", False) else None
    operations = Operations(screen, _cloud(options))
    match (options.command, options.what):
        case ("replay", "start"):
            named = {"target": options.target, "adId": options.ad, "until": options.until}
            request = {name: value for name, value in named.items() if value is not None}
            operations.start_replay(request, options.key, wait_s=wait_s)
        case ("replay", "list"):
            operations.list_replays()
        case ("replay", "status"):
            operations.read_replay(options.id, wait_s=wait_s)
        case ("replay", what):
            operations.change_replay(options.id, what, wait_s=wait_s)
        case (_, "take"):
            operations.take_snapshot(options.key, wait_s=wait_s)
        case (_, "list"):
            operations.list_snapshots()
        case _:
            operations.read_snapshot(options.id)
    return None


def _restore(screen: Screen, options: argparse.Namespace) -> None:
    from cli.restore import Restoring, restore

    what = Restoring(
        options.id,
        folder=options.folder,
        bucket=options.bucket,
        journal_table=options.journal_table,
        state_table=options.state_table,
    )
    restore(screen, _cloud(options), what)


if __name__ == "__main__":
    sys.exit(main())
