"""Background processes: one at a time, found again, stopped with everything they started."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import ProcessError
from local.processes import Process, environment

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    *(sys.executable, "-c"),
    (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); time.sleep(60)"
    ),
]
PARENT = [
    *(sys.executable, "-c"),
    (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    ),
]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process("worker", tmp_path, tmp_path / "worker.log")
    yield process
    process.kill()


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def logged(process: Process) -> str:
    process.wait_until(lambda: process.log.exists() and process.log.stat().st_size > 0, 10)
    return process.log.read_text()


def test_a_process_is_alive_from_start_to_stop(process: Process, tmp_path: Path) -> None:
    assert not process.alive()
    process.start(SLEEP, environment(), tmp_path)
    assert process.alive()
    process.stop(timeout_s=10)
    assert not process.alive()
    assert process.pid() is None
    assert not process.file.exists()


def test_starting_again_leaves_it_as_it_is(process: Process, tmp_path: Path) -> None:
    process.start(SLEEP, environment(), tmp_path)
    pid = process.pid()
    process.start(SLEEP, environment(), tmp_path)
    assert process.pid() == pid


def test_another_handle_finds_it(process: Process, tmp_path: Path) -> None:
    process.start(SLEEP, environment(), tmp_path)
    assert Process("worker", tmp_path, tmp_path / "worker.log").pid() == process.pid()


def test_it_outlives_who_started_it(process: Process, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from local.processes import Process, environment;"
        f"Process('worker', Path({str(tmp_path)!r}), Path({str(process.log)!r}))"
        f".start({SLEEP!r}, environment(), Path({str(tmp_path)!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert process.alive()


def test_a_file_of_a_process_that_died_means_nothing(process: Process, tmp_path: Path) -> None:
    process.start([sys.executable, "-c", ""], environment(), tmp_path)
    deadline = time.monotonic() + 10
    while process.alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert process.file.exists()
    assert process.pid() is None


def test_what_ignores_the_request_is_killed(process: Process, tmp_path: Path) -> None:
    process.start(STUBBORN, environment(), tmp_path)
    logged(process)
    process.stop(timeout_s=0.2)
    assert not process.alive()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's processes")
def test_what_it_started_dies_with_it(process: Process, tmp_path: Path) -> None:
    process.start(PARENT, environment(), tmp_path)
    child = int(logged(process))
    assert is_running(child)
    process.kill()
    deadline = time.monotonic() + 10
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_death_while_starting_shows_the_log(process: Process, tmp_path: Path) -> None:
    process.start([sys.executable, "-c", "print('no such luck')"], environment(), tmp_path)
    with pytest.raises(ProcessError, match="no such luck"):
        process.wait_until(lambda: False, timeout_s=10)


def test_what_is_never_ready_is_an_error(process: Process, tmp_path: Path) -> None:
    process.start(SLEEP, environment(), tmp_path)
    with pytest.raises(ProcessError, match="not ready within"):
        process.wait_until(lambda: False, timeout_s=0.05)


def test_the_environment_is_scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "of the host")
    assert environment(OWN="1").keys() <= {"PATH", "HOME", "TMPDIR", "LANG", "OWN"}
