"""The command that moves a ledger in."""

import shutil
from base64 import b64encode
from pathlib import Path

import pytest

from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.imports.__main__ import main
from runtime.ledger.server.server import LEDGERS_NAME
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.fakes import MemoryStorage
from tests.foreign_journal import vehicles
from tests.runtime.ledger.exports.exporting import EXPORT_ID, busy_ledger, export
from tests.runtime.ledger.imports.importing import contents
from tests.runtime.ledger.server.serving import run, serving


def test_an_export_becomes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = MemoryStorage()
    ledger = busy_ledger(source)
    export(source, FolderDestination(tmp_path / "exports"))
    digest = b64encode(ledger.digest().value).decode()
    arguments = [str(tmp_path / "exports"), str(tmp_path / "a.sqlite"), "--prefix", "journal"]
    assert main([*arguments, "--export-id", EXPORT_ID, "--digest", digest]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.endswith(f"digest {digest}\n")
    storage = SqliteStorage(tmp_path / "a.sqlite")
    assert contents(storage) == contents(source)
    storage.close()
    assert main(arguments) == 0
    assert ": 0 blocks added" in capsys.readouterr().out


def test_what_cannot_be_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing"), str(tmp_path / "a.sqlite")]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"cannot import {tmp_path / 'nothing'}: ")
    assert said.err.count("\n") == 1


def test_a_ledger_that_qldb_left_is_served(tmp_path: Path) -> None:
    journal, ids = vehicles()
    folder, objects = FolderDestination(tmp_path / "bucket"), journal.exported().objects
    for key, data in objects.items():
        folder.put(key, data, "text/plain")
    file = tmp_path / "vehicles.sqlite"
    digest = b64encode(journal.digest()).decode()
    assert (
        main([str(tmp_path / "bucket"), str(file), "--prefix", "journal", "--digest", digest]) == 0
    )
    data = tmp_path / "data"
    (data / LEDGERS_NAME).mkdir(parents=True)
    shutil.move(file, data / LEDGERS_NAME / "vehicles.sqlite")
    with serving(data) as clients:
        driver = clients.driver("vehicles")
        found = run(driver, "SELECT VALUE id FROM Vehicle BY id WHERE VIN = ?", "vin9")
        assert found == [ids[2]]
        run(driver, "UPDATE Vehicle SET Color = 'Green' WHERE VIN = 'vin9'")
        qldb = clients.boto3("qldb")
        tip = qldb.get_digest(Name="vehicles")["DigestTipAddress"]["IonText"]
        assert f'strandId:"{journal.strand_id}"' in tip
        assert f"sequenceNo:{len(journal.blocks)}" in tip
