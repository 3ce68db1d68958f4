"""Saves MiniStack's state while it runs, from a fork, so that requests do not wait.

Every request is served on one event loop, and the fork is made there between two of them: what
the child sees is one moment of all services together. The child alone pays for copying and
encoding; the server pays the fork.
"""

import asyncio
import contextlib
import copy
import ctypes
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

INTERVAL_S = 1.0
"""Between two looks at whether anything has changed."""
CHILD_S_MAX = 60.0
"""A child that runs longer is stuck on a lock that a thread held at the fork; it is killed."""
CHILD_NICENESS = 5
"""Of the child: a large state takes it seconds of a core, which requests need more."""
SHARE_OF_TIME = 1
"""Between two saves, at least this many times what the last one took."""
SELDOM_S = 30.0
"""Services in SELDOM are saved this often: losing their last seconds loses nothing of value."""
SELDOM = frozenset({"cloudwatch_logs", "cloudwatch"})
CODE = "lambda"
"""Holds the archives of functions and layers: saved after calls that are no invocations."""

_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "AssumeRole")
_PR_SET_PDEATHSIG = 1

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class Changes:
    """What requests have done since the last save."""

    def __init__(self) -> None:
        self.any = False
        self.code = False

    def note(self, scope: Scope) -> None:
        """Look at one HTTP request: a read leaves nothing to save."""
        headers = dict(scope.get("headers", ()))
        action = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2]
        if action.startswith(_READS) or (not action and scope["method"] in ("GET", "HEAD")):
            return
        self.any = True
        path = scope.get("path", "")
        if path.startswith(("/2015-03-31/", "/2018-10-31/")) and not path.endswith("/invocations"):
            self.code = True


def install(app_module: Any) -> None:
    """Save changes about every second, beside the save that MiniStack does at its end."""
    from ministack.core import persistence  # pyright: ignore[reportMissingImports]

    if not persistence.PERSIST_STATE:
        return
    changes = Changes()
    serve: Application = app_module.app
    run_lifespan = app_module._handle_lifespan

    async def noting(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            changes.note(scope)
        await serve(scope, receive, send)

    async def lifespan(scope: Scope, receive: Any, send: Any) -> None:
        saver = asyncio.create_task(_save_repeatedly(app_module, changes))
        try:
            await run_lifespan(scope, receive, send)
        finally:
            saver.cancel()

    app_module.app = noting
    app_module.save_all = save  # Ten times as fast: it encodes in C.
    app_module._handle_lifespan = lifespan


async def _save_repeatedly(app_module: Any, changes: Changes) -> None:
    seldom_saved = time.monotonic()
    pause_s = INTERVAL_S
    while True:
        await asyncio.sleep(pause_s)
        pause_s = INTERVAL_S
        if not changes.any:
            continue
        now = time.monotonic()
        left_out = set() if changes.code else {CODE}
        if now - seldom_saved < SELDOM_S:
            left_out |= SELDOM
        else:
            seldom_saved = now
        changes.any = changes.code = False
        services = app_module._build_persistence_save_dict()
        if not await _save_in_child({n: s for n, s in services.items() if n not in left_out}):
            changes.any = changes.code = True
        pause_s = max(INTERVAL_S, SHARE_OF_TIME * (time.monotonic() - now))


async def _save_in_child(services: dict[str, Callable[[], Any]]) -> bool:
    """Fork, save in the child, and wait for it without blocking. False when it did not succeed."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_the_child(services)
    deadline = time.monotonic() + CHILD_S_MAX
    try:
        while time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return status == 0
            await asyncio.sleep(0.02)
    except asyncio.CancelledError:
        _kill(pid)
        raise
    _kill(pid)
    print("saving: the child was stuck and was killed; the next save tries again", flush=True)
    return False


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _be_the_child(services: dict[str, Callable[[], Any]]) -> None:
    """Save and leave; never return into the copy of the event loop."""
    try:
        gc.disable()
        os.nice(CHILD_NICENESS)
        copy.deepcopy = lambda value, *_: value  # Nobody changes what only this child has.
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        if sys.platform == "linux":  # Elsewhere it outlives a killed server by one save.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.closerange(3, 65_536)  # Sockets and pipes are the server's.
        save(services)
    except BaseException as error:  # noqa: BLE001 - a copy of the server must not live on.
        os.write(2, f"saving: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


def save(services: dict[str, Callable[[], Any]]) -> None:
    """Write every service's state beside the old one, then put all of them in place at once."""
    from ministack.core import persistence  # pyright: ignore[reportMissingImports]

    folder = Path(persistence.STATE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(list(_written(folder, services, persistence)))


def _written(
    folder: Path, services: dict[str, Callable[[], Any]], persistence: Any
) -> Iterable[tuple[Path, Path]]:
    for name, state_of in services.items():
        state = state_of()
        if state is None:
            continue
        wrapped = {
            "__ministack_format__": persistence._state_format_version(name),
            "payload": state,
        }
        text = json.dumps(wrapped, default=persistence._json_default)
        fresh = folder / f"{name}.json.fresh"
        fresh.write_text(text)
        yield fresh, folder / f"{name}.json"


def _replace(pairs: Iterable[tuple[Path, Path]]) -> None:
    for fresh, place in pairs:
        fresh.replace(place)
