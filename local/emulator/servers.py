"""MiniStack and osmem-server as background processes of one home."""

import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from local.emulator import installation
from local.home import Home
from local.processes import Process, environment

START_S_MAX = 30.0
STOP_S_MAX = 30.0
"""The last save of a large state takes seconds."""
PROBE_S_MAX = 2.0
REGION = "eu-west-1"
CHAINED = ("-commands",)
"""How the names of functions end that append to a ledger."""


@dataclass(frozen=True, slots=True)
class CloudServer:
    """MiniStack on loopback: `url` is the endpoint of every AWS service."""

    home: Home

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.home.ports()['cloud']}"

    @property
    def process(self) -> Process:
        return Process("cloud", self.home.run, self.home.logs / "cloud.log")

    def start(self) -> None:
        """Start it and wait until it answers, with what it had saved; nothing when it runs."""
        self.home.make()
        interpreter = installation.python()
        if not self.process.alive():
            self._clear_temporary()
        self.process.start(
            [str(interpreter), str(Path(__file__).parent / "launcher")],
            self._environment(),
            self.home.cloud,
        )
        self.process.wait_until(
            lambda: answers(f"{self.url}/_ministack/health"), timeout_s=START_S_MAX
        )

    def stop(self) -> None:
        """Let it save and end."""
        self.process.stop(STOP_S_MAX)
        self._clear_temporary()

    def kill(self) -> None:
        """End it and every worker at once, as a crash would."""
        self.process.kill()

    def _clear_temporary(self) -> None:
        shutil.rmtree(self.home.cloud / "tmp", ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        ports, data = self.home.ports(), self.home.cloud
        temporary = data / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        return environment(
            TMPDIR=str(temporary),
            GATEWAY_PORT=str(ports["cloud"]),
            BIND_HOST="127.0.0.1",
            MINISTACK_HOST="localhost",
            MINISTACK_REGION=REGION,
            AUTH="true",
            LAMBDA_EXECUTOR="local",
            IOT_MTLS_ENABLED="0",
            SFTP_ENABLED="0",
            PERSIST_STATE="1",
            STATE_DIR=str(data / "state"),
            S3_PERSIST="1",
            S3_DATA_DIR=str(data / "s3"),
            LOG_LEVEL="WARNING",
            MINISTACK_OPENSEARCH_ENDPOINT=f"127.0.0.1:{ports['search']}",
            UNPACKED_DIR=str(data / "unpacked"),
            CHAINED=" ".join(CHAINED),
            WAKE_PORT=str(ports["wake"]),
        )


@dataclass(frozen=True, slots=True)
class SearchServer:
    """osmem-server on loopback: OpenSearch that forgets when it ends."""

    home: Home

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.home.ports()['search']}"

    @property
    def process(self) -> Process:
        return Process("search", self.home.run, self.home.logs / "search.log")

    def start(self) -> None:
        """Start it and wait until it answers; nothing when it runs."""
        self.home.make()
        packages = installation.python().parent.parent.glob("lib/python*/site-packages")
        program = next(packages) / "osmem_server" / "bin" / "osmem-server"
        address = f"127.0.0.1:{self.home.ports()['search']}"
        self.process.start(
            [str(program), "-addr", address, "-no-stdin-watch", "-no-ja"],
            environment(),
            self.home.path,
        )
        self.process.wait_until(lambda: answers(self.url), timeout_s=START_S_MAX)

    def stop(self) -> None:
        """End it."""
        self.process.stop(STOP_S_MAX)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()


def answers(url: str) -> bool:
    """Whether something answers a GET there, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_S_MAX):  # noqa: S310 - our own.
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
