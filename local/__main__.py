"""The embedded stack's commands: `python -m local --help`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from local.errors import LocalError
from local.home import ROOT

HOME = ROOT / ".local"
COMMANDS = {
    "up": "start everything, deploy the program, and return when the APIs answer",
    "down": "deliver what is under way, save, and stop everything; data stays",
    "status": "say what runs",
    "logs": "show the newest lines of every log",
    "clean": "stop everything and forget all data",
    "demo": "play a publisher and a reader, and show every answer and its lag",
    "level": "verify the ledger and bring the projections level with it",
}


def main() -> int:
    """Run one command; 1 when it failed, with the reason on stderr."""
    options = arguments()
    try:
        return run(options)
    except LocalError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]✗[/] {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="The embedded stack.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in COMMANDS.items():
        command = subparsers.add_parser(name, help=what, description=what)
        command.add_argument(
            "--home", type=Path, default=HOME, help="where everything is kept (.local)"
        )
        if name == "up":
            command.add_argument(
                "--fault-rate",
                type=float,
                default=0.0,
                metavar="SHARE",
                help="let this share of stream batches fail on purpose",
            )
            command.add_argument("--fault-seed", type=int, default=0)
            command.add_argument(
                "--fault-functions",
                nargs="*",
                default=[],
                metavar="NAME",
                help="only for functions with this in their name",
            )
        if name == "logs":
            command.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    return parser.parse_args()


def run(options: argparse.Namespace) -> int:
    # Imported late: help and errors in arguments need none of it.
    from local import screen
    from local.event_sources.faults import Faults
    from local.stack import Stack

    console = Console(highlight=False, soft_wrap=True)
    stack = Stack(options.home, screen.stepwise(console))
    match options.command:
        case "up":
            faults = None
            if options.fault_rate:
                functions = tuple(options.fault_functions)
                faults = Faults(options.fault_rate, options.fault_seed, functions)
            screen.show_endpoints(console, stack.up(faults), stack.home, stack.page.url)
        case "down":
            stack.down()
            console.print("everything is stopped; `make up` goes on with the same data")
        case "status":
            return screen.show_status(console, stack)
        case "logs":
            screen.show_logs(console, stack, follow=options.follow)
        case "clean":
            stack.clean()
            console.print("everything is stopped and forgotten")
        case "demo":
            from local.demo import play

            play(console, stack.outputs())
        case _:
            stack.level()
    return 0


if __name__ == "__main__":
    sys.exit(main())
