"""The command that backs up, verifies and restores."""

from base64 import b64encode
from pathlib import Path

import pytest

from runtime.ledger.audit import audit
from runtime.ledger.backups.__main__ import main
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.server.server import LEDGERS_NAME
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.exports.exporting import busy_ledger
from tests.runtime.ledger.imports.importing import contents
from tests.runtime.ledger.ledgers import Clock
from tests.runtime.ledger.server.serving import run, serving


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A server's data with two ledgers."""
    with serving(tmp_path / "data") as clients:
        for name in ("cars", "boats"):
            driver = clients.ledger(name)
            run(driver, "CREATE TABLE Things")
            for number in range(3):
                run(driver, "INSERT INTO Things ?", {"n": number})
    return tmp_path / "data"


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(each) for each in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_servers_ledgers_come_back(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "backups"
    status, out, err = told(capsys, "make", data, place)
    assert (status, err, out.count("backed up, up to block 3")) == (0, "", 2)
    digest = out.split()[-1]
    status, out, _ = told(capsys, "verify", place, "cars", "--digest", digest)
    assert (status, "cars: the backup is whole, up to block 3" in out) == (0, True)
    again = tmp_path / "again"
    (again / LEDGERS_NAME).mkdir(parents=True)
    status, out, _ = told(capsys, "restore", place, "cars", again, "--block", 2)
    assert (status, "cars: 3 blocks added, up to block 2" in out) == (0, True)
    with serving(again) as clients:
        assert sorted(run(clients.driver("cars"), "SELECT VALUE n FROM Things")) == [0, 1]


def test_a_file_comes_back_as_of_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, place, copy = tmp_path / "ads-0.sqlite", tmp_path / "backups", tmp_path / "copy.sqlite"
    storage = SqliteStorage(file)
    clock = Clock()
    ledger = busy_ledger(storage, clock)
    assert told(capsys, "make", file, place)[0] == 0
    moment = f"{clock.moment:%Y-%m-%dT%H:%M:%S}Z"
    digest = b64encode(ledger.digest().value).decode()
    arguments = (place, "ads-0", copy, "--time", moment, "--digest", digest)
    status, out, err = told(capsys, "restore", *arguments)
    assert (status, err, digest in out) == (0, "", True)
    restored = SqliteStorage(copy)
    assert contents(restored) == contents(storage)
    assert audit(restored).holds
    restored.close()
    storage.close()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("make", "nothing", "there"), "cannot back up: nothing has no ledger"),
        (("make", "dynamodb://table", "there"), "write dynamodb://TABLE/LEDGER"),
        (("verify", "there", "cars"), "cannot verify the backup: there is no cars/backup.manifest"),
        (("restore", "there", "cars", "c.sqlite"), "cannot restore: there is no"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    arguments: tuple[str, ...],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = told(capsys, *arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert reason in err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_backup_leaves_no_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = FolderDestination(tmp_path / "backups")
    told(capsys, "make", data, tmp_path / "backups", "--ledger", "cars")
    [key] = [key for key in place.keys("") if key.endswith(".ion")]
    whole = bytearray(place.get(key))
    whole[len(whole) // 2] ^= 1
    place.put(key, bytes(whole), "application/ion")
    status, _, err = told(capsys, "restore", tmp_path / "backups", "cars", tmp_path / "cars.sqlite")
    assert (status, f"object {key}" in err) == (1, True)
    assert not (tmp_path / "cars.sqlite").exists()


def test_times_need_a_zone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "there", "cars", "--time", "2026-01-02T03:04:05"])
    assert "--time" in capsys.readouterr().err
