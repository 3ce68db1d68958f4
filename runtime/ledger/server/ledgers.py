"""The ledgers of a data directory: one SQLite file each, opened when it is first asked for."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.past import utc
from runtime.ledger.server.arns import Arns
from runtime.ledger.server.registry import (
    ACTIVE,
    CREATING,
    DELETING,
    LedgerRecord,
    Registry,
)
from runtime.ledger.server.service_model import is_ledger_name
from runtime.ledger.storage.port import JournalStorage

SUFFIX: Final = ".sqlite"
_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite puts behind a file's name for the files beside it."""


class Ledgers(Mapping[str, Ledger]):
    """Active ledgers by name; threads may share it.

    The registry's row comes before the file and goes after it, so that whatever a crash leaves
    half done is finished at the next start. A file without a row was put there by hand, say from a
    backup: it is taken in.
    """

    def __init__(
        self,
        directory: Path,
        registry: Registry,
        open_storage: Callable[[Path], JournalStorage],
        open_ledger: Callable[[JournalStorage, str], Ledger],
        arns: Arns,
    ) -> None:
        """Take where the files are and how to open one; finish what was interrupted."""
        self._directory = directory
        self._registry = registry
        self._open_storage = open_storage
        self._open_ledger = open_ledger
        self._arns = arns
        self._lock = threading.Lock()
        self._open: dict[str, tuple[JournalStorage, Ledger]] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self._recover()

    def __getitem__(self, name: str) -> Ledger:
        """An active ledger; KeyError when there is none of this name."""
        with self._lock:
            record = self._registry.find(name)
            if record is None or record.state != ACTIVE:
                raise KeyError(name)
            return self._opened(name)[1]

    def __iter__(self) -> Iterator[str]:
        """Every active ledger's name."""
        after = ""
        while page := self._registry.page(after, 100):
            yield from (record.name for record in page if record.state == ACTIVE)
            after = page[-1].name

    def __len__(self) -> int:
        """How many are active."""
        return sum(1 for _ in self)

    def create(self, record: LedgerRecord, ledgers_max: int) -> str | None:
        """Make a ledger and its file; what is in the way, if anything: "exists" or "full"."""
        obstacle = self._registry.add(record, ledgers_max)
        if obstacle is None:
            self._finish_creation(record.name)
        return obstacle

    def delete(self, name: str, closing: Callable[[Ledger], None]) -> bool:
        """Remove a ledger and its file; False when it is not active or is protected.

        `closing` is told when no one can get hold of the ledger any more.
        """
        if not self._registry.begin_deletion(name):
            return False
        opened = self._open.get(name)
        if opened is not None:
            closing(opened[1])
        self._finish_deletion(name)
        return True

    def close(self) -> None:
        """Close every open ledger."""
        with self._lock:
            for storage, _ in self._open.values():
                storage.close()
            self._open.clear()

    def _recover(self) -> None:
        for record in self._registry.unfinished():
            if record.state == CREATING:
                self._finish_creation(record.name)
            elif record.state == DELETING:
                self._finish_deletion(record.name)
        for path in sorted(self._directory.glob(f"*{SUFFIX}")):
            if is_ledger_name(path.stem) and self._registry.find(path.stem) is None:
                self._take_in(path)

    def _take_in(self, path: Path) -> None:
        created_at = self._began_at(path)
        record = LedgerRecord(path.stem, ACTIVE, created_at, "ALLOW_ALL", True, "")
        self._registry.add(record, ledgers_max=2**31)

    def _began_at(self, path: Path) -> datetime:
        """When a file's ledger began: its exports and streams begin no earlier."""
        with suppress(LedgerError), self._lock:
            storage, _ = self._opened(path.stem)
            for first in storage.blocks(0, 0):
                return utc(Block.from_ion(first.ion).block_timestamp)
        # Whoever asks for something in a file that cannot be read is told so.
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def _finish_creation(self, name: str) -> None:
        with self._lock:
            self._opened(name)
        self._sync_directory()
        self._registry.set_state(name, ACTIVE)

    def _finish_deletion(self, name: str) -> None:
        with self._lock:
            opened = self._open.pop(name, None)
            if opened is not None:
                opened[0].close()
            for companion in _COMPANIONS:
                (self._directory / f"{name}{SUFFIX}{companion}").unlink(missing_ok=True)
        self._sync_directory()
        self._registry.remove(name, self._arns.ledger(name), self._arns.under(name))

    def _opened(self, name: str) -> tuple[JournalStorage, Ledger]:
        opened = self._open.get(name)
        if opened is None:
            storage = self._open_storage(self._directory / f"{name}{SUFFIX}")
            opened = self._open[name] = (storage, self._open_ledger(storage, name))
        return opened

    def _sync_directory(self) -> None:
        """Make added and removed files survive a power cut."""
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
