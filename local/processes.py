"""Background processes that outlive the command which started them.

A process holds a lock on its file for as long as it lives, so that "is it alive" needs no guess
about a process id that somebody else may have by now.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.errors import ProcessError

POLL_S = 0.02
KILL_S_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """One background process, known by its name in a folder of process files."""

    name: str
    run: Path
    log: Path

    @property
    def file(self) -> Path:
        return self.run / f"{self.name}.pid"

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Start it detached, in a session of its own; nothing when it is alive already."""
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            with self.log.open("ab") as log:
                child = subprocess.Popen(
                    command,
                    env=dict(environment),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(descriptor,),  # The lock lives on in the child.
                )
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{child.pid}\n".encode(), 0)
            child.returncode = 0  # It is not ours to wait for.
        finally:
            os.close(descriptor)

    def alive(self) -> bool:
        try:
            descriptor = os.open(self.file, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def pid(self) -> int | None:
        """Its process id; None when it is not alive."""
        return int(self.file.read_text()) if self.alive() else None

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `ready` says so. Raises ProcessError with the end of its log when it dies."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.alive():
                raise ProcessError(f"{self.name} died while starting. Its log ends:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ProcessError(
                    f"{self.name} was not ready within {timeout_s:.0f} s; see {self.log}. "
                    f"It ends:\n{self.tail()}"
                )
            time.sleep(POLL_S)

    def stop(self, timeout_s: float) -> None:
        """Ask it to end, wait, and kill what is left of its session."""
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        self._wait_dead(pid, timeout_s)
        self.kill(pid)

    def kill(self, pid: int | None = None) -> None:
        """SIGKILL to its whole session: what it started dies with it."""
        pid = pid or self.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if not self._wait_dead(pid, KILL_S_MAX):
            raise ProcessError(f"{self.name} (process {pid}) survives SIGKILL; end it by hand")
        self.file.unlink(missing_ok=True)

    def tail(self, lines: int = 15) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _wait_dead(self, pid: int, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        with contextlib.suppress(ChildProcessError):  # Another command may have started it.
            os.waitpid(pid, os.WNOHANG)
        return True


def environment(**extra: str) -> dict[str, str]:
    """A scrubbed environment: nothing of the caller's but where programs and the home are."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {"LANG": "C.UTF-8", **kept, **extra}
