"""The event sources as a background process of one home."""

import sys
from dataclasses import dataclass

from local.event_sources.faults import Faults
from local.home import ROOT, Home
from local.processes import Process, environment

START_S_MAX = 30.0
STOP_S_MAX = 20.0
"""Longer than it drains."""


@dataclass(frozen=True, slots=True)
class EventSources:
    """Reads the streams of one embedded cloud."""

    home: Home
    region: str

    @property
    def process(self) -> Process:
        return Process("event-sources", self.home.run, self.home.logs / "event-sources.log")

    def start(self, faults: Faults | None = None) -> None:
        """Start it and wait until every mapping is being read; nothing when it runs."""
        ports, ready = self.home.ports(), self.home.run / "event-sources.ready"
        if self.process.alive():
            return
        ready.unlink(missing_ok=True)
        command = [
            *(sys.executable, "-m", "local.event_sources", "--region", self.region),
            *("--url", f"http://127.0.0.1:{ports['cloud']}", "--wake-port", str(ports["wake"])),
            *("--checkpoints", str(self.home.checkpoints), "--ready-file", str(ready)),
            *(faults.arguments() if faults else []),
        ]
        self.process.start(command, environment(), ROOT)
        self.process.wait_until(ready.exists, START_S_MAX)

    def stop(self) -> None:
        """Let it deliver what is in the streams, and end."""
        self.process.stop(STOP_S_MAX)
        (self.home.run / "event-sources.ready").unlink(missing_ok=True)

    def kill(self) -> None:
        """End it at once; its checkpoints stay."""
        self.process.kill()
        (self.home.run / "event-sources.ready").unlink(missing_ok=True)
