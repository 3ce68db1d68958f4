"""REDACT_REVISION takes a revision's data away for good; every hash and proof stays valid."""

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.servers import CloudServer
from runtime.ledger import ion
from runtime.ledger.audit import audit
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import (
    CorruptJournalError,
    HeadMovedError,
    LedgerError,
    StatementError,
    StorageError,
)
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader
from runtime.ledger.hashing import ion_hash
from runtime.ledger.imports.importer import import_journal
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import JournalStorage
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.verify import verify_blocks
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.proofs import KnownDigest, check_block, check_consistency, check_revision
from runtime.ledger.verify.sources import ExportFolder
from tests.emulator import client as dynamodb_client
from tests.fakes import MemoryStorage
from tests.runtime.ledger.exports.exporting import export
from tests.runtime.ledger.ledgers import (
    DELETE,
    INSERT,
    SET_N,
    STORAGES,
    execute,
    insert,
    run,
    storage_of,
    with_ads,
)
from tests.runtime.ledger.storages import FailingStorage

REDACT = "EXEC REDACT_REVISION ?, ?, ?"
EMPTIED_S_MAX = 20
SECRET = "a secret that must not stay"


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStorage]:
    with storage_of(request.param, tmp_path) as storage:
        yield storage


def table_id(ledger: Ledger) -> str:
    [found] = run(ledger, "SELECT VALUE tableId FROM information_schema.user_tables")
    return str(found)


def history(ledger: Ledger, ad: str) -> list[Any]:
    return run(ledger, "SELECT * FROM history(Ads) AS h WHERE h.metadata.id = ?", ad)


def redact(ledger: Ledger, ad: str, version: int = 0) -> Any:
    address = history(ledger, ad)[version]["blockAddress"]
    [row] = run(ledger, REDACT, address, table_id(ledger), ad)
    return row


def changed(ledger: Ledger) -> str:
    """A document whose first version is a secret."""
    ad = insert(ledger, category="a", n=1, note=SECRET)
    run(ledger, SET_N, 2, ad)
    run(ledger, "UPDATE Ads AS a BY id SET a.note = 'harmless' WHERE id = ?", ad)
    return ad


def known(ledger: Ledger, tip: int | None = None) -> KnownDigest:
    digest = ledger.digest(tip)
    return KnownDigest(digest.value, digest.strand_id, digest.sequence_no)


def test_the_row_and_the_block_say_what_is_redacted(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    address = history(ledger, ad)[0]["blockAddress"]
    row = redact(ledger, ad)
    assert row == {
        "blockAddress": address,
        "tableId": table_id(ledger),
        "documentId": ad,
        "version": 0,
    }
    block, _ = ledger.block(ledger.digest().sequence_no)
    assert block["redactionInfo"] == {"revisions": [row]}
    assert "revisions" not in block


def test_later_reads_show_the_hash_of_the_data(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    before = history(ledger, ad)
    redact(ledger, ad)
    after = history(ledger, ad)
    assert "data" not in after[0]
    assert after[0]["dataHash"] == ion_hash(before[0]["data"])
    assert (after[0]["hash"], after[0]["metadata"]) == (before[0]["hash"], before[0]["metadata"])
    assert after[1:] == before[1:]
    assert next(ledger.history("Ads", ad)) == after[0]
    number = int(after[0]["blockAddress"]["sequenceNo"])
    assert ledger.block(number)[0]["revisions"] == [after[0]]
    [current] = run(ledger, "SELECT note FROM Ads")
    assert current["note"] == "harmless"
    [block] = storage.blocks(number, number)
    assert SECRET.encode() not in block.ion


def test_every_hash_digest_and_proof_stays_valid(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    tip = ledger.digest().sequence_no
    digests = [known(ledger, number) for number in range(tip + 1)]
    proofs = [ledger.block(number, tip)[1] for number in range(tip + 1)]
    redact(ledger, ad, version=0)
    redact(ledger, ad, version=1)
    assert [known(ledger, number) for number in range(tip + 1)] == digests
    for number in range(tip + 1):
        block, proof = ledger.block(number, tip)
        assert proof == proofs[number]
        assert proof is not None
        check_block(block, proof, digests[tip])
    number = int(history(ledger, ad)[0]["blockAddress"]["sequenceNo"])
    revision, proof = ledger.revision(number, ad, tip)
    assert proof is not None
    assert "dataHash" in revision
    check_revision(revision, proof, digests[tip], ledger.block(number)[0])
    now = known(ledger)
    check_consistency(digests[tip], now, ledger.consistency(tip, now.sequence_no))
    found = verify_blocks((block.ion for block in ledger.blocks()), now.value)
    assert found.blocks == now.sequence_no + 1


def test_what_was_kept_and_what_leaves_the_ledger_stay_proven(
    storage: JournalStorage, tmp_path: Path
) -> None:
    """A revision that somebody keeps with its proof, and an export made after the redaction."""
    ledger = with_ads(storage)
    ad = changed(ledger)
    number = int(history(ledger, ad)[0]["blockAddress"]["sequenceNo"])
    digest = known(ledger)
    block, _ = ledger.block(number)
    kept, proof = ledger.revision(number, ad, digest.sequence_no)
    assert proof is not None
    redact(ledger, ad, version=0)
    shown, again = ledger.revision(number, ad, digest.sequence_no)
    assert again == proof
    check_revision(kept, proof, digest, ledger.block(number)[0])
    check_revision(shown, proof, digest, block)
    folder = FolderDestination(tmp_path / "export")
    manifest = export(storage, folder, inclusive_start=datetime(2000, 1, 1, tzinfo=UTC))
    found = verify(ExportFolder(tmp_path / "export", manifest), digest=known(ledger).value)
    assert found.blocks == ledger.digest().sequence_no + 1
    copy = MemoryStorage()
    import_journal(ExportReader(folder, manifest), copy, digest=known(ledger).value)
    assert audit(storage, known(ledger).value).findings == []
    assert audit(copy, known(ledger).value).findings == []


def test_one_of_many_revisions_of_a_block_is_redacted(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    transaction = ledger.begin()
    ads = [
        str(execute(transaction, INSERT, {"n": n, "note": SECRET})[0]["documentId"])
        for n in range(3)
    ]
    transaction.commit()
    for ad in ads:
        run(ledger, SET_N, 9, ad)
    redact(ledger, ads[1])
    redact(ledger, ads[0])
    assert ["data" in history(ledger, ad)[0] for ad in ads] == [False, False, True]
    verify_blocks(block.ion for block in ledger.blocks())


def test_deleted_documents_lose_their_older_data_too(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    run(ledger, DELETE, ad)
    for version in range(3):
        redact(ledger, ad, version)
    assert ["data" in revision for revision in history(ledger, ad)] == [False] * 4
    verify_blocks(block.ion for block in ledger.blocks())
    with pytest.raises(StatementError, match="is a deletion: it has no data"):
        redact(ledger, ad, 3)


def test_what_may_not_be_redacted_is_refused(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    tip = ledger.digest()
    address = history(ledger, ad)[0]["blockAddress"]
    table = table_id(ledger)
    refusals = [
        ((history(ledger, ad)[2]["blockAddress"], table, ad), "is active"),
        ((address, table, "0" * 22), "there is no revision"),
        ((address, "0" * 22, ad), "there is no revision"),
        (({"strandId": "0" * 22, "sequenceNo": 2}, table, ad), "there is no revision"),
        (({"strandId": tip.strand_id, "sequenceNo": 99}, table, ad), "there is no revision"),
        (({"strandId": tip.strand_id, "sequenceNo": -1}, table, ad), "there is no revision"),
        (({"strandId": tip.strand_id}, table, ad), "is not a block address"),
        (
            ({"strandId": tip.strand_id, "sequenceNo": 0}, "SystemUserTables000001", table),
            "there is",
        ),
    ]
    for arguments, reason in refusals:
        with pytest.raises(StatementError, match=reason):
            run(ledger, REDACT, *arguments)
    redact(ledger, ad)
    with pytest.raises(StatementError, match="is redacted already"):
        redact(ledger, ad)


def test_one_redaction_a_transaction(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    table = table_id(ledger)
    first, second, _ = [revision["blockAddress"] for revision in history(ledger, ad)]
    transaction = ledger.begin()
    execute(transaction, REDACT, first, table, ad)
    with pytest.raises(StatementError, match="one revision is all"):
        execute(transaction, REDACT, second, table, ad)
    transaction.commit()
    assert ["data" in revision for revision in history(ledger, ad)] == [False, True, True]


def test_what_is_not_committed_is_not_redacted(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = changed(ledger)
    address = history(ledger, ad)[0]["blockAddress"]
    transaction = ledger.begin()
    execute(transaction, REDACT, address, table_id(ledger), ad)
    transaction.abort()
    assert SECRET in ion.text(history(ledger, ad)[0])


def test_a_redaction_may_come_with_changes(storage: JournalStorage) -> None:
    ledger = with_ads(storage)
    ad = insert(ledger, n=1, note=SECRET)
    address = history(ledger, ad)[0]["blockAddress"]
    table = table_id(ledger)
    run(ledger, SET_N, 2, ad)
    transaction = ledger.begin()
    execute(transaction, SET_N, 3, ad)
    execute(transaction, REDACT, address, table, ad)
    transaction.commit()
    assert len(history(ledger, ad)) == 3
    verify_blocks(block.ion for block in ledger.blocks())


def test_damaged_data_are_not_sealed_away() -> None:
    damaged = MemoryStorage()
    ledger = with_ads(damaged)
    ad = changed(ledger)
    address, table = history(ledger, ad)[0]["blockAddress"], table_id(ledger)
    number = int(address["sequenceNo"])
    stored = damaged._blocks[number]
    changed_ion = stored.ion.replace(SECRET.encode(), SECRET.upper().encode())
    damaged._blocks[number] = type(stored)(
        number, stored.block_hash, stored.peaks, stored.catalog_sequence_no, changed_ion
    )
    transaction = ledger.begin()
    execute(transaction, REDACT, address, table, ad)
    with pytest.raises(CorruptJournalError, match="is not what was committed"):
        transaction.commit()


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_failed_append_redacts_once_or_not_at_all(step: str) -> None:
    storage = FailingStorage()
    ledger = with_ads(storage)
    ad = changed(ledger)
    tip = ledger.digest().sequence_no
    storage.plan["append"] = [step]
    redact(ledger, ad)
    assert ledger.digest().sequence_no == tip + 1
    assert "data" not in history(ledger, ad)[0]


def test_redactions_at_once_all_take_effect(tmp_path: Path) -> None:
    """Several ledgers on one file, whose redactions meet in the same block."""
    storages = [SqliteStorage(tmp_path / "ledger.sqlite") for _ in range(3)]
    ledgers = [with_ads(storages[0]), *(Ledger(each, name="ads-0") for each in storages[1:])]
    transaction = ledgers[0].begin()
    ads = [
        str(execute(transaction, INSERT, {"n": n, "note": SECRET})[0]["documentId"])
        for n in range(6)
    ]
    transaction.commit()
    for ad in ads:
        run(ledgers[0], SET_N, 9, ad)
    errors: list[LedgerError] = []

    def work(number: int) -> None:
        for ad in ads[number::3]:
            try:
                redact(ledgers[number], ad)
            except HeadMovedError as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ["data" in history(ledgers[0], ad)[0] for ad in ads] == [False] * 6
    verify_blocks(block.ion for block in ledgers[0].blocks())
    for storage in storages:
        storage.close()


def is_left_in(folder: Path) -> bool:
    """Whether any file of a folder still has what was redacted."""
    return SECRET.encode() in b"".join(file.read_bytes() for file in folder.iterdir())


def test_nothing_of_the_data_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    storage = SqliteStorage(path)
    ledger = with_ads(storage)
    ad = changed(ledger)
    run(ledger, "UPDATE Ads AS a BY id SET a.note = 'x' WHERE id = ?", ad)
    redact(ledger, ad, 0)
    redact(ledger, ad, 1)
    storage.close()
    assert not is_left_in(tmp_path)
    reopened = SqliteStorage(path)
    assert "dataHash" in history(Ledger(reopened, name="ads-0"), ad)[0]
    reopened.close()


def test_nothing_of_the_data_stays_in_the_log_while_the_file_is_open(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "ledger.sqlite")
    ledger = with_ads(storage)
    ad = changed(ledger)
    redact(ledger, ad, 0)
    redact(ledger, ad, 1)
    assert not is_left_in(tmp_path)
    storage.close()


def test_the_log_is_emptied_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    storage = SqliteStorage(path)
    ledger = with_ads(storage)
    ad = changed(ledger)
    redact(ledger, ad, 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM block").fetchone()
        redact(ledger, ad, 1)
        assert is_left_in(tmp_path)
        reader.execute("COMMIT")
        ends_at_s = time.monotonic() + EMPTIED_S_MAX
        log = tmp_path / "ledger.sqlite-wal"
        while log.stat().st_size and time.monotonic() < ends_at_s:
            time.sleep(0.05)
        assert not is_left_in(tmp_path)
    storage.close()


class Refusing:
    """DynamoDB for a role that may put and query, and not update."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if any("Update" in item for item in request["TransactItems"]):
            answer: Any = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
            raise ClientError(answer, "TransactWriteItems")
        return self._client.transact_write_items(**request)


def test_on_dynamodb_it_takes_another_role(cloud: CloudServer) -> None:
    client, name = dynamodb_client(cloud, "dynamodb"), f"journal-{uuid.uuid4().hex}"
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    ledger = with_ads(DynamoDbStorage(Refusing(client), name, "ads-0"))
    ad = changed(ledger)
    tip = ledger.digest()
    with pytest.raises(StorageError, match="the right to dynamodb:UpdateItem"):
        redact(ledger, ad)
    assert ledger.digest() == tip
    entitled = Ledger(DynamoDbStorage(client, name, "ads-0"), name="ads-0")
    redact(entitled, ad)
    assert "data" not in history(ledger, ad)[0]
    verify_blocks(block.ion for block in ledger.blocks())
