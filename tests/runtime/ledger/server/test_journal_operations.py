"""boto3's `qldb` client against exports and streams, refused or carried out, over restarts."""

import logging
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runtime.ledger.server.options import ServerOptions
from tests.runtime.ledger.server.memory_jobs import FailingExporter, MemoryExporter, MemoryStreamer
from tests.runtime.ledger.server.serving import Clients, run, serving
from tests.runtime.ledger.server.test_control_plane import UNKNOWN_ID, refused

ROLE = "arn:aws:iam::000000000000:role/exports"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1"
KINESIS = "arn:aws:kinesis:us-east-1:000000000000:stream/cars"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WAIT_S = 20


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a server with a ledger that is old enough to be exported.

    boto3 sends whole seconds: an end in the ledger's first second would be before its start.
    """
    directory = tmp_path_factory.mktemp("aged")
    with serving(directory) as clients:
        run(clients.ledger(), "CREATE TABLE Cars")
    time.sleep(1.0 - time.time() % 1.0)
    return directory


@pytest.fixture
def tmp_path(aged: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(aged, tmp_path, dirs_exist_ok=True)
    return tmp_path


def export(qldb: Any, **changes: Any) -> Any:
    request = {
        "Name": "cars",
        "InclusiveStartTime": LONG_AGO,
        "ExclusiveEndTime": datetime.now(UTC),
        "S3ExportConfiguration": {
            "Bucket": "some-bucket",
            "Prefix": "exports/",
            "EncryptionConfiguration": {"ObjectEncryptionType": "NO_ENCRYPTION"},
        },
        "RoleArn": ROLE,
    }
    return qldb.export_journal_to_s3(**{**request, **changes})["ExportId"]


def stream(qldb: Any, **changes: Any) -> Any:
    request = {
        "LedgerName": "cars",
        "RoleArn": ROLE,
        "InclusiveStartTime": LONG_AGO,
        "KinesisConfiguration": {"StreamArn": KINESIS},
        "StreamName": "all-cars",
    }
    return qldb.stream_journal_to_kinesis(**{**request, **changes})["StreamId"]


def described(qldb: Any, export_id: str) -> Any:
    return qldb.describe_journal_s3_export(Name="cars", ExportId=export_id)["ExportDescription"]


def described_stream(qldb: Any, stream_id: str) -> Any:
    return qldb.describe_journal_kinesis_stream(LedgerName="cars", StreamId=stream_id)["Stream"]


def until(condition: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_export_is_carried_out_and_described(tmp_path: Path) -> None:
    exporter = MemoryExporter()
    with serving(tmp_path, exporter=exporter) as clients:
        qldb = clients.boto3("qldb")
        export_id = export(qldb, OutputFormat="JSON")
        until(lambda: described(qldb, export_id)["Status"] == "COMPLETED")
        description = described(qldb, export_id)
        created = qldb.describe_ledger(Name="cars")["CreationDateTime"]
        assert description["InclusiveStartTime"] == created
        assert description["S3ExportConfiguration"]["Prefix"] == "exports/"
        assert (description["OutputFormat"], description["RoleArn"]) == ("JSON", ROLE)
        [(asked, blocks, position)] = exporter.exported
        assert (asked.export_id, asked.bucket, asked.output_format) == (
            export_id,
            "some-bucket",
            "JSON",
        )
        assert (blocks, position) == ([0], None)


def test_exports_are_listed_by_ledger_and_together(tmp_path: Path) -> None:
    with serving(tmp_path, exporter=MemoryExporter()) as clients:
        qldb = clients.boto3("qldb")
        clients.ledger("other")
        ids = set()
        for _ in range(3):
            export_id = export(qldb)
            ids.add(export_id)
            until(lambda one=export_id: described(qldb, one)["Status"] == "COMPLETED")
        pages = qldb.get_paginator("list_journal_s3_exports").paginate(
            PaginationConfig={"PageSize": 2}
        )
        listed = [e["ExportId"] for page in pages for e in page["JournalS3Exports"]]
        assert (len(listed), set(listed)) == (3, ids)
        of_cars = qldb.list_journal_s3_exports_for_ledger(Name="cars")["JournalS3Exports"]
        assert {e["ExportId"] for e in of_cars} == ids
        assert qldb.list_journal_s3_exports_for_ledger(Name="other")["JournalS3Exports"] == []
        refused(
            "ResourceNotFoundException",
            404,
            qldb.describe_journal_s3_export,
            Name="other",
            ExportId=listed[0],
        )


def test_two_exports_of_a_ledger_run_at_a_time(tmp_path: Path) -> None:
    exporter = MemoryExporter(held=True)
    with serving(tmp_path, exporter=exporter) as clients:
        qldb = clients.boto3("qldb")
        first, _ = export(qldb), export(qldb)
        with pytest.raises(qldb.exceptions.LimitExceededException, match="they cannot be canceled"):
            export(qldb)
        assert described(qldb, first)["Status"] == "IN_PROGRESS"
        refused("ResourceInUseException", 409, qldb.delete_ledger, Name="cars")
        exporter.go.set()
        until(lambda: described(qldb, first)["Status"] == "COMPLETED")
        export(qldb)


def test_an_export_that_fails_is_cancelled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tmp_path, exporter=FailingExporter()) as clients, caplog.at_level(logging.ERROR):
        qldb = clients.boto3("qldb")
        export_id = export(qldb)
        until(lambda: described(qldb, export_id)["Status"] == "CANCELLED")
    assert "some-bucket refuses" in caplog.text


def test_exports_go_on_after_a_restart(tmp_path: Path) -> None:
    held = MemoryExporter(held=True)
    with serving(tmp_path, exporter=held) as clients:
        export_id = export(clients.boto3("qldb"))
        assert held.started.acquire(timeout=WAIT_S)
    free = MemoryExporter()
    with serving(tmp_path, exporter=free) as clients:
        qldb = clients.boto3("qldb")
        until(lambda: described(qldb, export_id)["Status"] == "COMPLETED")
        [(again, _, position)] = free.exported
        assert (again, position) == (held.exported[0][0], 1)


def test_finished_exports_are_forgotten_in_time(tmp_path: Path) -> None:
    options = ServerOptions(job_retention_s=0.2)
    with serving(tmp_path, options, exporter=MemoryExporter()) as clients:
        qldb = clients.boto3("qldb")
        export_id = export(qldb)
        time.sleep(0.5)
        refused(
            "ResourceNotFoundException",
            404,
            qldb.describe_journal_s3_export,
            Name="cars",
            ExportId=export_id,
        )
        assert qldb.list_journal_s3_exports()["JournalS3Exports"] == []


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"ExclusiveEndTime": datetime.now(UTC) + timedelta(days=1)}, "ExclusiveEndTime"),
        ({"InclusiveStartTime": datetime.now(UTC) + timedelta(days=1)}, "InclusiveStartTime"),
        ({"ExclusiveEndTime": LONG_AGO}, "InclusiveStartTime"),
        ({"OutputFormat": "XML"}, "OutputFormat"),
        ({"RoleArn": "short-but-20-chars-x", "Name": "1"}, "Name"),
        (
            {
                "S3ExportConfiguration": {
                    "Bucket": "b b b",
                    "Prefix": "",
                    "EncryptionConfiguration": {"ObjectEncryptionType": "SSE_S3"},
                }
            },
            "S3ExportConfiguration.Bucket",
        ),
        (
            {
                "S3ExportConfiguration": {
                    "Bucket": "bucket",
                    "Prefix": "",
                    "EncryptionConfiguration": {"ObjectEncryptionType": "SSE_KMS"},
                }
            },
            "KmsKeyArn",
        ),
    ],
)
def test_exports_that_cannot_be_are_refused(
    tmp_path: Path, changes: dict[str, Any], parameter: str
) -> None:
    with serving(tmp_path, exporter=MemoryExporter()) as clients:
        qldb = clients.boto3("qldb")
        error = refused("InvalidParameterException", 400, lambda **c: export(qldb, **c), **changes)
        assert error["ParameterName"] == parameter


def test_a_stream_runs_until_it_is_canceled(tmp_path: Path) -> None:
    streamer = MemoryStreamer()
    with serving(tmp_path, streamer=streamer) as clients:
        qldb = clients.boto3("qldb")
        stream_id = stream(qldb, Tags={"a": "1"})
        description = described_stream(qldb, stream_id)
        arn = f"arn:aws:qldb:us-east-1:000000000000:stream/cars/{stream_id}"
        assert (description["Status"], description["Arn"]) == ("ACTIVE", arn)
        assert description["KinesisConfiguration"] == {
            "StreamArn": KINESIS,
            "AggregationEnabled": True,
        }
        assert "ExclusiveEndTime" not in description
        assert qldb.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1"}
        refused("InvalidParameterException", 400, lambda: stream(qldb))
        cancel = {"LedgerName": "cars", "StreamId": stream_id}
        assert qldb.cancel_journal_kinesis_stream(**cancel)["StreamId"] == stream_id
        assert described_stream(qldb, stream_id)["Status"] == "CANCELED"
        error = refused(
            "ResourcePreconditionNotMetException",
            412,
            qldb.cancel_journal_kinesis_stream,
            **cancel,
        )
        assert (error["ResourceType"], error["ResourceName"]) == ("stream", stream_id)
        qldb.delete_ledger(Name="cars")


def test_a_stream_with_an_end_completes(tmp_path: Path) -> None:
    with serving(tmp_path, streamer=MemoryStreamer()) as clients:
        qldb = clients.boto3("qldb")
        stream_id = stream(qldb, ExclusiveEndTime=datetime.now(UTC))
        until(lambda: described_stream(qldb, stream_id)["Status"] == "COMPLETED")


def test_a_stream_is_impaired_while_kinesis_is_away(tmp_path: Path) -> None:
    streamer = MemoryStreamer()
    streamer.cause = "KINESIS_STREAM_NOT_FOUND"
    with serving(tmp_path, streamer=streamer) as clients:
        qldb = clients.boto3("qldb")
        stream_id = stream(qldb)
        until(lambda: described_stream(qldb, stream_id)["Status"] == "IMPAIRED")
        assert described_stream(qldb, stream_id)["ErrorCause"] == "KINESIS_STREAM_NOT_FOUND"
        streamer.cause = None
        until(lambda: described_stream(qldb, stream_id)["Status"] == "ACTIVE")
        assert "ErrorCause" not in described_stream(qldb, stream_id)


def test_streams_are_listed_and_few_run_at_a_time(tmp_path: Path) -> None:
    with serving(tmp_path, streamer=MemoryStreamer()) as clients:
        qldb = clients.boto3("qldb")
        ids = {stream(qldb, StreamName=f"stream-{number}") for number in range(5)}
        with pytest.raises(qldb.exceptions.LimitExceededException):
            stream(qldb)
        pages = qldb.get_paginator("list_journal_kinesis_streams_for_ledger").paginate(
            LedgerName="cars", PaginationConfig={"PageSize": 2}
        )
        assert {s["StreamId"] for page in pages for s in page["Streams"]} == ids


def test_streams_go_on_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, streamer=MemoryStreamer()) as clients:
        stream_id = stream(clients.boto3("qldb"))
    again = MemoryStreamer()
    with serving(tmp_path, streamer=again) as clients:
        assert again.started.acquire(timeout=WAIT_S)
        assert described_stream(clients.boto3("qldb"), stream_id)["Status"] == "ACTIVE"
    [(resumed, position)] = again.streams
    assert (resumed.stream_id, position) == (stream_id, 7)


def test_a_server_without_destinations_says_so(clients: Clients) -> None:
    qldb = clients.boto3("qldb")
    for call in (lambda: export(qldb), lambda: stream(qldb)):
        error = refused("ResourcePreconditionNotMetException", 412, call)
        assert "nothing that carries out" in error["Error"]["Message"]
    assert qldb.list_journal_s3_exports()["JournalS3Exports"] == []
    assert qldb.list_journal_kinesis_streams_for_ledger(LedgerName="cars")["Streams"] == []
    for operation in ("describe_journal_kinesis_stream", "cancel_journal_kinesis_stream"):
        refused(
            "ResourceNotFoundException",
            404,
            getattr(qldb, operation),
            LedgerName="cars",
            StreamId=UNKNOWN_ID,
        )
