"""Starts MiniStack with what it lacks for us; run by its own environment's python, never imported.

What is put in: it saves while it runs, workers share one unpacked copy of an archive, queries read
only what they ask for, streams are seldom looked through for what has expired, whoever listens is
woken when a stream grows, a role may be confined to one table's stream, and a quicker server serves
it. Its own stream pollers, which lose records, are taken out. All of that touches private names, so
any other version of MiniStack is refused.
"""

import importlib.metadata
import os
import sys
from pathlib import Path

VERSION = "1.5.33"


def main() -> None:
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        sys.exit(f"MiniStack {found} is installed, and this launcher knows only {VERSION}")

    import archives
    import expiry
    import ministack.app  # pyright: ignore[reportMissingImports]
    import queries
    import rights
    import saving
    import serving
    import wake
    import workers
    from ministack.core import (  # pyright: ignore[reportMissingImports]
        iam_actions,
        lambda_runtime,
    )
    from ministack.services import (  # pyright: ignore[reportMissingImports]
        dynamodb,
        kinesis,
        lambda_svc,
    )

    for poller in ("_poll_kinesis", "_poll_dynamodb_streams"):
        if not callable(getattr(lambda_svc, poller)):
            sys.exit(f"MiniStack {found} has no {poller} to take out")
        setattr(lambda_svc, poller, lambda: False)
    # first_line_wait, idle_confirm, hard_cap, in seconds: a silent handler waits 2 ms, not 50.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.001, 0.25)
    workers.install(lambda_svc, os.environ.pop("CHAINED", "").split())
    archives.install(lambda_runtime, Path(os.environ.pop("UNPACKED_DIR")))
    wake.install(dynamodb, kinesis, int(os.environ.pop("WAKE_PORT", "0")))
    queries.install(dynamodb)
    expiry.install(kinesis)
    rights.install(iam_actions)
    saving.install(ministack.app)
    serving.install(ministack.app)
    ministack.app.main()


main()
