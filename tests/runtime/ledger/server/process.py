"""The server as people start it: a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
START_TIMEOUT_S = 30
END_TIMEOUT_S = 20


class ServerProcess:
    """`python -m runtime.ledger.server`; a context manager that leaves nothing running."""

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        started_s = time.monotonic()
        self._process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "runtime.ledger.server", "--data", str(directory), "--port", str(port)),
                *arguments,
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.announced = self._process.stdout.readline()
        self.start_s = time.monotonic() - started_s
        self.url = self.announced.split()[-1] if self.announced else ""

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def peak_mb(self) -> float:
        """The most memory it has held so far, as Linux counts it."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)
        return int(kilobytes) / 1000

    def kill(self) -> None:
        """As a power cut would end it, but for what the kernel keeps."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(END_TIMEOUT_S)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to stop; its exit status and what it said."""
        self._process.send_signal(number)
        _, errors = self._process.communicate(timeout=END_TIMEOUT_S)
        return self._process.returncode, errors

    def wait(self) -> tuple[int, str]:
        """Its exit status and what it said, once it ends by itself."""
        _, errors = self._process.communicate(timeout=END_TIMEOUT_S)
        return self._process.returncode, errors

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
