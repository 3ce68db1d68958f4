"""The emulator's own Python environment, so that workers see nothing of the project."""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

import uv

from local.errors import InstallationError
from local.home import ROOT

REQUIREMENTS = ROOT / "requirements" / "emulator.txt"
FOLDER = ROOT / ".local" / "emulator"
INSTALL_S_MAX = 300.0


def python() -> Path:
    """The environment's interpreter; the environment is made, or renewed, where it is missing.

    Safe when several processes ask at once. Raises InstallationError with what uv said.
    """
    interpreter = FOLDER / "bin" / "python"
    wanted = hashlib.sha256(f"{sys.executable} {sys.version}".encode() + REQUIREMENTS.read_bytes())
    stamp = FOLDER / "installed"
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with (FOLDER.parent / "emulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted.hexdigest():
            _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(FOLDER))
            _uv(
                *("pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"),
                *("--python", str(interpreter), str(REQUIREMENTS)),
            )
            stamp.write_text(wanted.hexdigest())
    return interpreter


def _uv(*arguments: str) -> None:
    command = [uv.find_uv_bin(), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_S_MAX, check=False
    )
    if done.returncode:
        raise InstallationError(
            f"the emulator's environment could not be made in {FOLDER}: "
            f"`uv {' '.join(arguments)}` said\n{done.stderr.strip()}"
        )


if __name__ == "__main__":
    print(python())
