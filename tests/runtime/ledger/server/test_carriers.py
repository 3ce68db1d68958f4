"""Exports and streams all the way: the server, boto3, S3 and Kinesis or a folder."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.emulator.servers import REGION, CloudServer
from runtime.journal.aggregation import deaggregate
from runtime.ledger import ion
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.imports.importer import import_journal
from runtime.ledger.server.carriers import LedgerExporter, LedgerStreamer, to_kinesis, to_s3
from runtime.ledger.server.ledgers import SUFFIX
from runtime.ledger.server.server import LEDGERS_NAME
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.emulator import client
from tests.fakes import MemoryStorage
from tests.runtime.ledger.imports.importing import contents
from tests.runtime.ledger.server.process import ServerProcess
from tests.runtime.ledger.server.serving import Clients, run, serving

ROLE = "arn:aws:iam::000000000000:role/some-role"
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
WAIT_S = 30
DOCUMENTS = 60


@pytest.fixture
def aws(cloud: CloudServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment in which boto3's defaults lead to the embedded cloud."""
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket(cloud: CloudServer) -> Iterator[tuple[Any, str]]:
    s3 = client(cloud, "s3")
    name = f"exports-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield s3, name
    s3.close()


@pytest.fixture
def kinesis(cloud: CloudServer) -> Iterator[Any]:
    kinesis = client(cloud, "kinesis")
    yield kinesis
    kinesis.close()


def fill(clients: Clients, documents: int = DOCUMENTS) -> Any:
    """A ledger of a few blocks; the control plane's client."""
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    run(driver, "CREATE INDEX ON Cars (vin)")
    for n in range(0, documents, 20):
        run(driver, "INSERT INTO Cars ?", [{"vin": f"{n + i}"} for i in range(20)])
    # The client sends whole seconds, so that every block is to be older than one.
    time.sleep(1.1)
    return clients.boto3("qldb")


def export(qldb: Any, name: str, **changes: Any) -> str:
    return qldb.export_journal_to_s3(
        Name="cars",
        InclusiveStartTime=EPOCH,
        ExclusiveEndTime=datetime.now(UTC),
        RoleArn=ROLE,
        S3ExportConfiguration={
            "Bucket": name,
            "Prefix": "journal/",
            "EncryptionConfiguration": {"ObjectEncryptionType": "SSE_S3"},
        },
        **changes,
    )["ExportId"]


def status_of_export(qldb: Any, export_id: str) -> str:
    found = qldb.describe_journal_s3_export(Name="cars", ExportId=export_id)
    return found["ExportDescription"]["Status"]


def until(condition: Any) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def stored(directory: Path) -> Any:
    """What the server's ledger has in its store."""
    storage = SqliteStorage(directory / LEDGERS_NAME / f"cars{SUFFIX}")
    try:
        return contents(storage)
    finally:
        storage.close()


@pytest.mark.usefixtures("aws")
def test_a_journal_is_exported_to_a_bucket_and_becomes_a_ledger_again(
    tmp_path: Path, bucket: tuple[Any, str]
) -> None:
    s3, name = bucket
    with serving(tmp_path, exporter=LedgerExporter(to_s3)) as clients:
        qldb = fill(clients)
        export_id = export(qldb, name, OutputFormat="ION_BINARY")
        until(lambda: status_of_export(qldb, export_id) == "COMPLETED")
    destination = S3Destination(s3, name)
    manifest = find_final_manifest(destination, "journal/", export_id)
    copy = MemoryStorage()
    import_journal(ExportReader(destination, manifest), copy)
    assert contents(copy) == stored(tmp_path)
    for key in destination.keys(""):
        head = s3.head_object(Bucket=name, Key=key)
        assert (head["ContentType"], head["ServerSideEncryption"]) == ("application/ion", "AES256")


@pytest.mark.usefixtures("aws")
def test_an_export_to_no_bucket_is_cancelled(tmp_path: Path) -> None:
    with serving(tmp_path, exporter=LedgerExporter(to_s3)) as clients:
        qldb = fill(clients)
        export_id = export(qldb, f"missing-{uuid.uuid4().hex}")
        until(lambda: status_of_export(qldb, export_id) == "CANCELLED")


def test_a_server_without_s3_exports_to_a_folder_through_kill_9(tmp_path: Path) -> None:
    exports = FolderDestination(tmp_path / "exports" / "my.bucket")
    with ServerProcess(tmp_path, 0, "--exports-to-folder") as process, ExitStack() as stack:
        qldb = fill(Clients(process.url, stack))
        export_id = export(qldb, "my.bucket")
        until(lambda: list(exports.keys("journal/")))
        assert status_of_export(qldb, export_id) == "IN_PROGRESS"
        process.kill()
    with ServerProcess(tmp_path, 0, "--exports-to-folder") as process, ExitStack() as stack:
        qldb = Clients(process.url, stack).boto3("qldb")
        until(lambda: status_of_export(qldb, export_id) == "COMPLETED")
        outside = export(qldb, "..evil")
        until(lambda: status_of_export(qldb, outside) == "CANCELLED")
        process.end()
    copy = MemoryStorage()
    manifest = find_final_manifest(exports, "journal/", export_id)
    import_journal(ExportReader(exports, manifest), copy)
    assert contents(copy) == stored(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "exports",
        "ledgers",
    ]


def read(kinesis: Any, name: str, count: int) -> list[Any]:
    """The first records of a Kinesis stream, de-aggregated, when there are so many."""
    shards = kinesis.list_shards(StreamName=name)["Shards"]
    found: list[Any] = []
    for shard in shards:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        deadline_s = time.monotonic() + WAIT_S
        while len(found) < count:
            assert time.monotonic() < deadline_s
            page = kinesis.get_records(ShardIterator=iterator)
            found += [ion.decode(r) for each in page["Records"] for r in deaggregate(each["Data"])]
            iterator = page["NextShardIterator"]
    return found


def stream_to(qldb: Any, name: str, **changes: Any) -> str:
    return qldb.stream_journal_to_kinesis(
        LedgerName="cars",
        InclusiveStartTime=EPOCH,
        RoleArn=ROLE,
        StreamName=f"to-{name[:20]}",
        KinesisConfiguration={
            "StreamArn": f"arn:aws:kinesis:{REGION}:000000000000:stream/{name}",
            "AggregationEnabled": changes.pop("aggregation", True),
        },
        **changes,
    )["StreamId"]


def description(qldb: Any, stream_id: str) -> Any:
    return qldb.describe_journal_kinesis_stream(LedgerName="cars", StreamId=stream_id)["Stream"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("aggregation", [True, False])
def test_a_journal_is_streamed_to_kinesis_until_its_end(
    tmp_path: Path, kinesis: Any, aggregation: bool
) -> None:
    name = f"journal-{uuid.uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    with serving(tmp_path, streamer=LedgerStreamer(to_kinesis)) as clients:
        qldb = fill(clients, 20)
        end = datetime.now(UTC) + timedelta(seconds=2)
        stream_id = stream_to(qldb, name, aggregation=aggregation, ExclusiveEndTime=end)
        assert description(qldb, stream_id)["Status"] == "ACTIVE"
        until(lambda: description(qldb, stream_id)["Status"] == "COMPLETED")
        found = read(kinesis, name, 1 + 3 + 20 + 1)
        kinds = [str(record["recordType"]) for record in found]
        assert kinds == ["CONTROL", *["BLOCK_SUMMARY"] * 3, *["REVISION_DETAILS"] * 20, "CONTROL"]
        arn = description(qldb, stream_id)["Arn"]
        assert {str(record["qldbStreamArn"]) for record in found} == {arn}


@pytest.mark.usefixtures("aws")
def test_a_stream_waits_for_its_kinesis_stream_and_goes_on_after_a_restart(
    tmp_path: Path, kinesis: Any
) -> None:
    name = f"journal-{uuid.uuid4().hex}"
    with serving(tmp_path, streamer=LedgerStreamer(to_kinesis)) as clients:
        qldb = fill(clients, 20)
        stream_id = stream_to(qldb, name)
        until(lambda: description(qldb, stream_id)["Status"] == "IMPAIRED")
        assert description(qldb, stream_id)["ErrorCause"] == "KINESIS_STREAM_NOT_FOUND"
        kinesis.create_stream(StreamName=name, ShardCount=1)
        until(lambda: description(qldb, stream_id)["Status"] == "ACTIVE")
        before = read(kinesis, name, 1 + 3 + 20)
    with serving(tmp_path, streamer=LedgerStreamer(to_kinesis)) as clients:
        qldb = clients.boto3("qldb")
        run(clients.driver("cars"), "INSERT INTO Cars ?", {"vin": "late"})
        found = read(kinesis, name, len(before) + 2)
        late = [str(record["recordType"]) for record in found[len(before) :]]
        assert late == ["BLOCK_SUMMARY", "REVISION_DETAILS"]
        qldb.cancel_journal_kinesis_stream(LedgerName="cars", StreamId=stream_id)
        assert description(qldb, stream_id)["Status"] == "CANCELED"
        run(clients.driver("cars"), "INSERT INTO Cars ?", {"vin": "later"})
        time.sleep(0.5)
        assert len(read(kinesis, name, len(found))) == len(found)
