"""The command line: every command, its options and their limits."""

import argparse
from base64 import b64decode
from pathlib import Path
from typing import Any, Final

OUTPUTS: Final = Path(".local/outputs.json")
CHECKOUT: Final = Path(__file__).resolve().parents[1]
"""Whose embedded stack is meant, from whatever folder the command is called."""
TARGETS: Final = ("replayTable", "state", "search")
LAG_BLOCKS: Final = 500
WAIT_S: Final = 24 * 3600
"""How long `--wait` waits unless it is told."""
LAG_BLOCKS_MAX: Final = 100_000
DIGEST_BYTES: Final = 32
EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 failed or not verified, 2 usage, 3 unreachable, 4 still at work."
)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    whole = argparse.ArgumentParser(
        prog="adledger", description="Looks into the ledger of ads.", epilog=EXIT_CODES
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _history(commands)
    _list(commands)
    _verify(commands)
    _tail(commands)
    _lag(commands)
    _replay(commands)
    _snapshot(commands)
    return whole


def _command(commands: Any, name: str, what: str, *, offline: bool = False) -> Any:
    command = commands.add_parser(name, help=what, description=what, epilog=EXIT_CODES)
    command.add_argument("--json", action="store_true", help="print JSON for scripts")
    if not offline:
        command.add_argument(
            "--outputs",
            type=Path,
            default=CHECKOUT / OUTPUTS,
            metavar="FILE",
            help=f"the program's outputs as JSON ({OUTPUTS} of this checkout)",
        )
    return command


def _group(commands: Any, name: str, what: str) -> Any:
    group = commands.add_parser(name, help=what, description=what, epilog=EXIT_CODES)
    return group.add_subparsers(dest="what", required=True, metavar="WHAT")


def _history(commands: Any) -> None:
    command = _command(commands, "history", "show everything that happened to an ad")
    command.add_argument("ad", metavar="AD", help="the ad's id")
    command.add_argument(
        "--publisher", metavar="ID", help="whose ad it is; looked up in the ledger without it"
    )


def _list(commands: Any) -> None:
    command = _command(commands, "list", "show a publisher's ads, as they are or as they were")
    command.add_argument("publisher", metavar="PUBLISHER", help="the publisher's id")
    command.add_argument(
        "--at", metavar="TIME", help="as they were then, such as 2026-01-31T12:00:00Z"
    )


def _verify(commands: Any) -> None:
    group = _group(commands, "verify", "verify a proof, a ledger, an export or a snapshot")
    proof = _command(group, "proof", "check a version's proof, with no access to us", offline=True)
    proof.add_argument("file", metavar="FILE", help="the answer of …/versions/N/proof; - is stdin")
    _digest(proof, "one that you had from elsewhere; the proof's has to be the same")
    ledger = _command(group, "ledger", "recompute every hash of whole journals")
    _ledgers(ledger)
    _digest(ledger, "one that was kept, of the one ledger that is named")
    ledger.add_argument(
        "--tip",
        type=_number,
        metavar="N",
        help="the newest block to verify, with which the digest ends; else it is found",
    )
    ledger.add_argument(
        "--reference", action="store_true", help="make Ion hashes by ionhash, which is slower"
    )
    export = _command(group, "export", "check an export in a folder", offline=True)
    export.add_argument("folder", type=Path, metavar="FOLDER")
    export.add_argument("--export-id", default="", metavar="ID", help="which one, of several")
    _digest(export, "one that was kept, at any of its blocks")
    snapshot = _command(group, "snapshot", "check a snapshot in a folder", offline=True)
    snapshot.add_argument("folder", type=Path, metavar="FOLDER")
    snapshot.add_argument("id", metavar="ID", help="the snapshot's id")
    snapshot.add_argument(
        "--digest",
        type=_named_digest,
        action="append",
        metavar="LEDGER=DIGEST",
        help="one that was kept when the snapshot was taken",
    )


def _tail(commands: Any) -> None:
    command = _command(commands, "tail", "show changes of ads as they are committed")
    _ledgers(command)
    command.add_argument("--ad", metavar="ID", help="only of this ad")
    command.add_argument("--publisher", metavar="ID", help="only of this publisher's ads")
    command.add_argument(
        "--since", type=_number, metavar="N", help="begin with block N (with what comes now)"
    )
    command.add_argument("--count", type=_positive, metavar="N", help="stop after N changes")
    command.add_argument(
        "--quiet", type=_seconds, metavar="S", help="stop when nothing came for S seconds"
    )


def _lag(commands: Any) -> None:
    command = _command(commands, "lag", "show how far each projection is behind the ledger")
    command.add_argument(
        "--blocks",
        type=_blocks,
        default=LAG_BLOCKS,
        metavar="N",
        help=f"how many of the newest blocks to look at ({LAG_BLOCKS})",
    )
    command.add_argument(
        "--max-seconds", type=_seconds, metavar="S", help="fail when one is further behind"
    )


def _replay(commands: Any) -> None:
    group = _group(commands, "replay", "bring a target level with the ledger, for one ad or all")
    start = _command(group, "start", "ask for a replay")
    start.add_argument("--target", choices=TARGETS, required=True)
    start.add_argument("--ad", metavar="ID", help="only this ad; all without it")
    start.add_argument(
        "--until", metavar="TIME", help="as everything was then; for replayTable alone"
    )
    start.add_argument("--key", metavar="KEY", help="the same key starts one replay, however often")
    _command(group, "list", "show the newest replays")
    for name, what in (
        ("status", "show how far a replay is"),
        ("cancel", "give a replay up; what it wrote stays, and is right"),
        ("resume", "go on with a replay that failed"),
    ):
        _command(group, name, what).add_argument("id", metavar="ID", help="the replay's id")
    for name in ("start", "status", "resume"):
        _wait(group.choices[name], "until it has ended; fail unless it succeeded")


def _snapshot(commands: Any) -> None:
    group = _group(commands, "snapshot", "take and list snapshots")
    take = _command(group, "take", "ask for a snapshot now")
    take.add_argument("--key", metavar="KEY", help="the same key takes one, however often")
    _wait(take, "until it is finished")
    _command(group, "list", "show the newest snapshots")
    _command(group, "status", "show one").add_argument("id", metavar="ID")
    _restore(_command(group, "restore", "build fresh stores from a snapshot and nothing else"))


def _wait(command: Any, what: str) -> None:
    command.add_argument("--wait", action="store_true", help=what)
    command.add_argument(
        "--timeout",
        type=_seconds,
        default=WAIT_S,
        metavar="S",
        help=f"wait no longer than S seconds ({WAIT_S}); exit code 4 if it had not ended then",
    )


def _restore(command: Any) -> None:
    command.add_argument("id", metavar="ID", help="the snapshot's id")
    source = command.add_mutually_exclusive_group()
    source.add_argument("--folder", type=Path, metavar="FOLDER", help="a copy of the bucket")
    source.add_argument("--bucket", metavar="NAME", help="the bucket, if not that of the outputs")
    command.add_argument(
        "--journal-table", metavar="NAME", help="build the ledgers in this table, that is there"
    )
    command.add_argument(
        "--state-table", metavar="NAME", help="put the ads, as of then, into this table"
    )


def _ledgers(command: Any) -> None:
    command.add_argument(
        "--ledger", action="append", metavar="NAME", help="only this one; may be repeated"
    )


def _digest(command: Any, what: str) -> None:
    command.add_argument("--digest", type=digest, metavar="DIGEST", help=what)


def digest(text: str) -> bytes:
    """32 bytes in base64 or in hexadecimal; ArgumentTypeError otherwise."""
    for read in (bytes.fromhex, lambda given: b64decode(given, validate=True)):
        try:
            found = read(text)
        except ValueError:
            continue
        if len(found) == DIGEST_BYTES:
            return found
    raise argparse.ArgumentTypeError(f"{text!r} is not {DIGEST_BYTES} bytes in base64 or hex")


def _named_digest(text: str) -> tuple[str, bytes]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} does not read LEDGER=DIGEST")
    return name, digest(value)


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")


def _positive(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _blocks(text: str) -> int:
    number = _positive(text)
    if number > LAG_BLOCKS_MAX:
        raise argparse.ArgumentTypeError(f"must be at most {LAG_BLOCKS_MAX}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
