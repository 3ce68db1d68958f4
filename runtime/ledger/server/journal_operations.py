"""The control plane's operations on exports and streams of a journal."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from runtime.ledger.identifiers import new_id
from runtime.ledger.server.arns import LEDGER, Arns
from runtime.ledger.server.errors import (
    InvalidParameterError,
    QuotaExceededError,
    ResourceNotFoundError,
    ResourcePreconditionNotMetError,
)
from runtime.ledger.server.job_runner import JobRunner, export_of, stream_of
from runtime.ledger.server.jobs import (
    ACTIVE,
    EXPORT,
    IN_PROGRESS,
    STREAM,
    STREAM_CANCELED,
    Job,
    JobStore,
)
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.paging import page
from runtime.ledger.server.registry import LedgerRecord, Registry, to_ms

START: Final = "InclusiveStartTime"
END: Final = "ExclusiveEndTime"
_REMEDIES: Final = {
    EXPORT: "wait until one is done, they cannot be canceled",
    STREAM: "wait for one or cancel it",
}
"""What helps against too many active jobs of a kind."""

Parameters = Mapping[str, Any]


class JournalOperations:
    """Exports and streams are started, described, listed and canceled."""

    def __init__(
        self,
        registry: Registry,
        find_ledger: Callable[[str], LedgerRecord],
        jobs: JobStore,
        runner: JobRunner,
        arns: Arns,
        options: ServerOptions,
    ) -> None:
        """Take what the operations work on; `find_ledger` gives an active ledger or raises."""
        self._registry = registry
        self._find_ledger = find_ledger
        self._jobs = jobs
        self._runner = runner
        self._arns = arns
        self._options = options

    def export_journal_to_s3(self, parameters: Parameters) -> dict[str, Any]:
        """ExportJournalToS3."""
        ledger = self._find_ledger(parameters["Name"])
        encryption = parameters["S3ExportConfiguration"]["EncryptionConfiguration"]
        if encryption["ObjectEncryptionType"] == "SSE_KMS" and "KmsKeyArn" not in encryption:
            raise InvalidParameterError(
                "S3ExportConfiguration.EncryptionConfiguration.KmsKeyArn is missing: SSE_KMS needs"
                " the key",
                "KmsKeyArn",
            )
        times = _times(parameters, ledger)
        if times[END] > to_ms(datetime.now(UTC)):
            raise InvalidParameterError(
                f"{END} is in the future: only the past can be exported", END
            )
        request = {
            **_without(parameters, "Name"),
            **times,
        }
        return {"ExportId": self._start(EXPORT, ledger, IN_PROGRESS, request)}

    def describe_journal_s3_export(self, parameters: Parameters) -> dict[str, Any]:
        """DescribeJournalS3Export, up to seven days after it ended."""
        job = self._find(EXPORT, parameters["Name"], parameters["ExportId"])
        return {"ExportDescription": _export_description(job)}

    def list_journal_s3_exports(self, parameters: Parameters) -> dict[str, Any]:
        """ListJournalS3Exports, of every ledger."""
        return self._page(EXPORT, None, parameters, "JournalS3Exports", _export_description)

    def list_journal_s3_exports_for_ledger(self, parameters: Parameters) -> dict[str, Any]:
        """ListJournalS3ExportsForLedger."""
        name = self._find_ledger(parameters["Name"]).name
        return self._page(EXPORT, name, parameters, "JournalS3Exports", _export_description)

    def stream_journal_to_kinesis(self, parameters: Parameters) -> dict[str, Any]:
        """StreamJournalToKinesis."""
        ledger = self._find_ledger(parameters["LedgerName"])
        times = _times(parameters, ledger)
        tags = parameters.get("Tags", {})
        if len(tags) > self._options.tags_max:
            raise InvalidParameterError(
                f"Tags are more than {self._options.tags_max}, the most a stream may have", "Tags"
            )
        request = {**_without(parameters, "LedgerName", "Tags"), **times}
        stream_id = self._start(STREAM, ledger, ACTIVE, request)
        self._registry.tag(self._arns.stream(ledger.name, stream_id), tags, self._options.tags_max)
        return {"StreamId": stream_id}

    def describe_journal_kinesis_stream(self, parameters: Parameters) -> dict[str, Any]:
        """DescribeJournalKinesisStream, up to seven days after it ended."""
        job = self._find(STREAM, parameters["LedgerName"], parameters["StreamId"])
        return {"Stream": self._stream_description(job)}

    def list_journal_kinesis_streams_for_ledger(self, parameters: Parameters) -> dict[str, Any]:
        """ListJournalKinesisStreamsForLedger."""
        name = self._find_ledger(parameters["LedgerName"]).name
        return self._page(STREAM, name, parameters, "Streams", self._stream_description)

    def cancel_journal_kinesis_stream(self, parameters: Parameters) -> dict[str, Any]:
        """CancelJournalKinesisStream: a stream that has ended cannot be canceled."""
        job = self._find(STREAM, parameters["LedgerName"], parameters["StreamId"])
        if not self._jobs.finish(job.id, STREAM_CANCELED):
            raise ResourcePreconditionNotMetError(
                f"stream {job.id} is {job.status}: only an active one can be canceled",
                STREAM,
                job.id,
            )
        self._runner.stop(job.id)
        return {"StreamId": job.id}

    def _start(self, kind: str, ledger: LedgerRecord, status: str, request: dict[str, Any]) -> str:
        if not self._runner.offers(kind):
            raise ResourcePreconditionNotMetError(
                f"this server has nothing that carries out a journal {kind} of ledger"
                f" {ledger.name}: start it with one",
                LEDGER,
                ledger.name,
            )
        job_id, most = new_id(), self._most(kind)
        obstacle = self._jobs.add(job_id, kind, ledger.name, status, request, most)
        if obstacle == "taken":
            raise InvalidParameterError(
                f"StreamName {request['StreamName']} is that of an active stream of ledger"
                f" {ledger.name}: choose another",
                "StreamName",
            )
        if obstacle == "full":
            raise QuotaExceededError(
                f"ledger {ledger.name} has {most} active journal {kind}s, the most there may be:"
                f" {_REMEDIES[kind]}",
                kind,
            )
        self._runner.start(self._find(kind, ledger.name, job_id))
        return job_id

    def _most(self, kind: str) -> int:
        options = self._options
        return options.exports_active_max if kind == EXPORT else options.streams_active_max

    def _find(self, kind: str, ledger: str, job_id: str) -> Job:
        self._find_ledger(ledger)
        job = self._jobs.find(kind, ledger, job_id)
        if job is None:
            raise ResourceNotFoundError(f"ledger {ledger} has no {kind} {job_id}", kind, job_id)
        return job

    def _page(
        self,
        kind: str,
        ledger: str | None,
        parameters: Parameters,
        member: str,
        describe: Callable[[Job], dict[str, Any]],
    ) -> dict[str, Any]:
        return page(
            parameters,
            member,
            lambda after, size: self._jobs.page(kind, ledger, after, size),
            lambda job: job.id,
            describe,
        )

    def _stream_description(self, job: Job) -> dict[str, Any]:
        stream = stream_of(job, self._arns)
        described = {
            "LedgerName": job.ledger,
            "CreationTime": job.created_at,
            START: stream.inclusive_start,
            END: stream.exclusive_end,
            "RoleArn": stream.role_arn,
            "StreamId": job.id,
            "Arn": stream.arn,
            "Status": job.status,
            "KinesisConfiguration": {
                "StreamArn": stream.kinesis_stream_arn,
                "AggregationEnabled": stream.aggregation,
            },
            "ErrorCause": job.error_cause,
            "StreamName": stream.stream_name,
        }
        return {name: value for name, value in described.items() if value is not None}


def _export_description(job: Job) -> dict[str, Any]:
    export = export_of(job)
    described = {
        "LedgerName": job.ledger,
        "ExportId": job.id,
        "ExportCreationTime": job.created_at,
        "Status": job.status,
        START: export.inclusive_start,
        END: export.exclusive_end,
        "S3ExportConfiguration": job.request["S3ExportConfiguration"],
        "RoleArn": export.role_arn,
        "OutputFormat": export.output_format,
    }
    return {name: value for name, value in described.items() if value is not None}


def _times(parameters: Parameters, ledger: LedgerRecord) -> dict[str, int]:
    """Start and end in milliseconds, the start not before the ledger's creation."""
    start, end = parameters[START], parameters.get(END)
    if start > datetime.now(UTC):
        raise InvalidParameterError(f"{START} is in the future", START)
    start = max(start, ledger.created_at)
    if end is not None and start >= end:
        raise InvalidParameterError(
            f"{START}, or the ledger's creation if that was later, must be before {END}", START
        )
    times = {START: to_ms(start)}
    return times if end is None else {**times, END: to_ms(end)}


def _without(parameters: Parameters, *names: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in names}
