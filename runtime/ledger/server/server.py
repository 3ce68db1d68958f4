"""The whole server put together: a data directory, the two APIs, the transport."""

import fcntl
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from runtime.ledger.engine import Ledger
from runtime.ledger.large_values import LargeValues
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
        self._host = host
        self._thread: threading.Thread | None = None
        with ExitStack() as opened:
            application = self._assemble(directory, exporter, streamer, opened)
            self._transport = Transport(application, host, port, self.options)
            self._opened = opened.pop_all()

    @property
    def url(self) -> str:
        """The endpoint to give to a driver."""
        return f"http://{self._host}:{self._transport.port}"

    def run(self) -> None:
        """Go on with exports and streams, and serve until `stop`; then close everything."""
        with self._opened:
            self._runner.resume()
            self._transport.run()

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

    def _assemble(
        self,
        directory: Path,
        exporter: JournalExporter | None,
        streamer: JournalStreamer | None,
        opened: ExitStack,
    ) -> Application:
        """Open what the directory holds and put both APIs upon it; `opened` closes it again."""
        options = self.options
        directory.mkdir(parents=True, exist_ok=True)
        opened.enter_context(_lock(directory))
        file = open_registry_file(directory)
        opened.callback(file.close)
        registry, jobs = Registry(file), JobStore(file, options.job_retention_s)
        large_values = LargeValues(options.large_values_max)
        budgets = options.budgets()
        arns = Arns(options.region, options.account_id)
        ledgers = Ledgers(
            directory / LEDGERS_NAME,
            registry,
            open_storage=SqliteStorage,
            open_ledger=lambda storage, name: Ledger(
                storage,
                name=name,
                limits=options.limits,
                large_values=large_values,
                budgets=budgets,
                keep_tags=lambda table_id, tags: registry.set_tags(
                    arns.table(name, table_id), tags
                ),
            ),
            arns=arns,
        )
        opened.callback(ledgers.close)
        self._runner = JobRunner(jobs, ledgers, arns, exporter, streamer)
        opened.callback(self._runner.close)
        sessions = SessionService(
            ledgers,
            session_lifetime_s=options.session_lifetime_s,
            sessions_max=options.sessions_max,
            large_values=large_values,
            budgets=budgets,
        )
        operations = LedgerOperations(registry, ledgers, jobs, arns, options, sessions.end_sessions)
        journals = JournalOperations(
            registry, operations.find_active, jobs, self._runner, arns, options
        )
        plane = ControlPlane(control_plane(), operations, ProofOperations(ledgers), journals)
        return Application(SessionEndpoint(sessions), plane, options)


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
