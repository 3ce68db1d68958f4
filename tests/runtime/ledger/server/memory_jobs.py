"""Exporters and streamers for tests: they record, wait, or fail."""

import threading

from runtime.ledger.engine import Ledger
from runtime.ledger.server.ports import JournalExport, JournalStream, Progress

WAIT_S = 20


class MemoryExporter:
    """Keeps what it was asked to export; holds on until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.exported: list[tuple[JournalExport, list[int], int | None]] = []
        self.go = threading.Event()
        self.started = threading.Semaphore(0)
        if not held:
            self.go.set()

    def export(self, ledger: Ledger, export: JournalExport, progress: Progress) -> None:
        blocks = [block.sequence_no for block in ledger.blocks()]
        self.exported.append((export, blocks, progress.position))
        progress.save(len(blocks))
        self.started.release()
        while not self.go.wait(0.01) and not progress.stopping.is_set():
            pass


class FailingExporter:
    """Cannot write."""

    def export(self, ledger: Ledger, export: JournalExport, progress: Progress) -> None:
        raise PermissionError(f"bucket {export.bucket} refuses")


class MemoryStreamer:
    """Runs until it is stopped, or as long as a stream with an end time has blocks."""

    def __init__(self) -> None:
        self.streams: list[tuple[JournalStream, int | None]] = []
        self.started = threading.Semaphore(0)
        self.cause: str | None = None
        self.looked = threading.Event()

    def stream(self, ledger: Ledger, stream: JournalStream, progress: Progress) -> None:
        self.streams.append((stream, progress.position))
        progress.save(7)
        self.started.release()
        if stream.exclusive_end is not None:
            return
        while not progress.stopping.wait(0.01):
            progress.impaired(self.cause)
            self.looked.set()
