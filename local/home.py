"""Where one local stack keeps everything: its data, ports, logs and process files."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORT_NAMES: tuple[str, ...] = ("cloud", "search", "wake", "page")


@dataclass(frozen=True, slots=True)
class Home:
    """One folder; two stacks in two homes share nothing but the emulator's environment."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path.resolve())

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Locks and process files."""
        return self.path / "run"

    @property
    def cloud(self) -> Path:
        """MiniStack's data."""
        return self.path / "cloud"

    @property
    def deployment(self) -> Path:
        """What the deployer made, a JSON file."""
        return self.path / "deployment.json"

    @property
    def checkpoints(self) -> Path:
        """How far the event sources have come, an SQLite file."""
        return self.path / "checkpoints.db"

    @property
    def outputs(self) -> Path:
        """The program's exports as flat JSON."""
        return self.path / "outputs.json"

    @property
    def page(self) -> Path:
        """What the page is told, a JSON file."""
        return self.path / "page.json"

    def make(self) -> None:
        for folder in (self.path, self.logs, self.run, self.cloud):
            folder.mkdir(parents=True, exist_ok=True)

    def ports(self) -> dict[str, int]:
        """The stack's ports by name: chosen free the first time, the same ones ever after."""
        file = self.path / "ports.json"
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        if missing := [name for name in PORT_NAMES if name not in ports]:
            ports |= zip(missing, free_ports(len(missing)), strict=True)
            file.write_text(json.dumps(ports, indent=2) + "\n")
        return ports

    def forget_ports(self) -> None:
        """Choose anew the next time: somebody else has taken one."""
        (self.path / "ports.json").unlink(missing_ok=True)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
