"""The page's server as a background process of one home."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local.emulator.servers import answers
from local.home import ROOT, Home
from local.processes import Process, environment

START_S_MAX = 30.0
STOP_S_MAX = 5.0
EMULATOR_KEY = "test"
"""Access key and secret of the emulator, which are no secret."""


@dataclass(frozen=True, slots=True)
class Page:
    """Serves the page of one embedded stack on loopback."""

    home: Home
    region: str

    @property
    def url(self) -> str:
        """Where it is served, and the origin of its calls."""
        return f"http://127.0.0.1:{self.home.ports()['page']}"

    @property
    def process(self) -> Process:
        return Process("page", self.home.run, self.home.logs / "page.log")

    def configure(self, outputs: Mapping[str, str]) -> None:
        """Write what the page is told: where the APIs are, and keys that the emulator takes."""
        config = {
            "publisherApi": outputs["publisherApiEndpoint"],
            "operationsApi": outputs["operationsApiEndpoint"],
            "region": self.region,
            "place": "on this machine",
            "keys": {"accessKeyId": EMULATOR_KEY, "secretAccessKey": EMULATOR_KEY},
        }
        self.home.page.write_text(json.dumps(config, indent=2) + "\n")

    def start(self) -> None:
        """Start it and wait until it answers; nothing when it runs. It has to be configured."""
        command = [
            *(sys.executable, "-m", "local.page", "--port", str(self.home.ports()["page"])),
            *("--config", str(self.home.page)),
        ]
        self.process.start(command, environment(), ROOT)
        self.process.wait_until(lambda: answers(self.url), START_S_MAX)

    def stop(self) -> None:
        """End it."""
        self.process.stop(STOP_S_MAX)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
