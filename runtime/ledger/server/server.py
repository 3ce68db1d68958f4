"""The whole server put together: a data directory, the two APIs, the transport."""

import fcntl
import threading
from pathlib import Path
from typing import IO, Final

from runtime.ledger.engine import Ledger
from runtime.ledger.server.application import Application
from runtime.ledger.server.arns import Arns
from runtime.ledger.server.control_plane import ControlPlane
from runtime.ledger.server.errors import DirectoryInUseError
from runtime.ledger.server.job_runner import JobRunner
from runtime.ledger.server.jobs import JobStore
from runtime.ledger.server.journal_operations import JournalOperations
from runtime.ledger.server.ledger_operations import LedgerOperations
from runtime.ledger.server.ledgers import Ledgers
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.ports import JournalExporter, JournalStreamer
from runtime.ledger.server.proof_operations import ProofOperations
from runtime.ledger.server.registry import Registry, open_registry_file
from runtime.ledger.server.service_model import control_plane
from runtime.ledger.server.session_endpoint import SessionEndpoint
from runtime.ledger.server.transport import Transport
from runtime.ledger.session import SessionService
from runtime.ledger.storage.sqlite import SqliteStorage

LOOPBACK: Final = "127.0.0.1"
LOCK_NAME: Final = "server.lock"
LEDGERS_NAME: Final = "ledgers"


class LedgerServer:
    """Serves one data directory; a context manager that serves in a thread of its own.

    Nobody is authenticated: whoever reaches the port may do everything. Keep it on loopback, or
    put something in front of it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        options: ServerOptions | None = None,
        exporter: JournalExporter | None = None,
        streamer: JournalStreamer | None = None,
    ) -> None:
        """Open the directory, making it where there is none, and bind the port.

        DirectoryInUseError when another server has the directory, OSError when the port is taken.
        """
        self.options = options or ServerOptions()
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        self._registry_file = open_registry_file(directory)
        registry = Registry(self._registry_file)
        arns = Arns(self.options.region, self.options.account_id)
        limits = self.options.limits
        self._ledgers = Ledgers(
            directory / LEDGERS_NAME,
            registry,
            open_storage=SqliteStorage,
            open_ledger=lambda storage, name: Ledger(storage, name=name, limits=limits),
            arns=arns,
        )
        jobs = JobStore(self._registry_file, self.options.job_retention_s)
        self._runner = JobRunner(jobs, self._ledgers, arns, exporter, streamer)
        sessions = SessionService(
            self._ledgers,
            session_lifetime_s=self.options.session_lifetime_s,
            sessions_max=self.options.sessions_max,
        )
        operations = LedgerOperations(
            registry, self._ledgers, jobs, arns, self.options, sessions.end_sessions
        )
        plane = ControlPlane(
            control_plane(),
            operations,
            ProofOperations(self._ledgers),
            JournalOperations(
                registry, operations.find_active, jobs, self._runner, arns, self.options
            ),
        )
        application = Application(SessionEndpoint(sessions), plane, self.options)
        self._transport = Transport(application, host, port, self.options)
        self._host = host
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The endpoint to give to a driver."""
        return f"http://{self._host}:{self._transport.port}"

    def run(self) -> None:
        """Go on with exports and streams, and serve until `stop`; then close everything."""
        try:
            self._runner.resume()
            self._transport.run()
        finally:
            self._runner.close()
            self._ledgers.close()
            self._registry_file.close()
            self._lock.close()

    def stop(self) -> None:
        """Make `run` return once the requests being served are answered."""
        self._transport.stop()

    def __enter__(self) -> "LedgerServer":
        """Serve in a thread."""
        self._thread = threading.Thread(target=self.run, name="ledger-server")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wait until all is closed."""
        self.stop()
        if self._thread is not None:
            self._thread.join()


def _lock(directory: Path) -> IO[str]:
    """Keep other servers out of the directory for as long as this file is open."""
    file = (directory / LOCK_NAME).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise DirectoryInUseError(
            f"another server works in {directory}: stop it or use another directory"
        ) from error
    return file
