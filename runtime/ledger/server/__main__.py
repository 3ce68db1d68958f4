"""Serve the ledgers of a directory: python -m runtime.ledger.server --data DIR --port PORT."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from runtime.ledger.errors import LedgerError
from runtime.ledger.server.allocation import bound_arenas
from runtime.ledger.server.carriers import (
    LedgerExporter,
    LedgerStreamer,
    to_folder,
    to_kinesis,
    to_s3,
)
from runtime.ledger.server.errors import DirectoryInUseError
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.server import LOOPBACK, LedgerServer

PORT_MAX: Final = 65_535
EXPORTS_NAME: Final = "exports"
"""The folder in the data directory that stands for S3, if the server is told so."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # A queue that is a moment longer than the threads are many is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    bound_arenas()
    options = ServerOptions(
        region=asked.region, account_id=asked.account, ledgers_max=asked.ledgers_max
    )
    try:
        server = LedgerServer(
            asked.data,
            host=asked.host,
            port=asked.port,
            options=options,
            exporter=LedgerExporter(
                to_folder(asked.data / EXPORTS_NAME) if asked.exports_to_folder else to_s3
            ),
            streamer=LedgerStreamer(to_kinesis),
        )
    except (DirectoryInUseError, LedgerError, OSError) as error:
        print(f"cannot serve {asked.data} on {asked.host}:{asked.port}: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopping(server))
    print(f"serving {asked.data} at {server.url}", flush=True)
    server.run()
    return 0


def _stopping(server: LedgerServer) -> Callable[[int, FrameType | None], None]:
    """A signal handler; what it interrupts holds locks that stopping needs, hence the thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        threading.Thread(target=server.stop).start()

    return stop


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number up to {PORT_MAX}")
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtime.ledger.server", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the directory of the ledgers")
    parser.add_argument("--port", type=_port, required=True, help="0 for any free port")
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        help="the address to listen on; nobody is authenticated (default: %(default)s)",
    )
    defaults = ServerOptions()
    parser.add_argument("--region", default=defaults.region, help="of ARNs (default: %(default)s)")
    parser.add_argument(
        "--account", default=defaults.account_id, help="of ARNs (default: %(default)s)"
    )
    parser.add_argument(
        "--ledgers-max",
        type=int,
        default=defaults.ledgers_max,
        help="how many ledgers there may be (default: %(default)s)",
    )
    parser.add_argument(
        "--exports-to-folder",
        action="store_true",
        help=f"write journal exports beneath {EXPORTS_NAME}/BUCKET in the directory, not to S3",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
