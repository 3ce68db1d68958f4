"""The control plane: from method, path, query and body to an operation and its answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from runtime.ledger.server.errors import RequestFormError
from runtime.ledger.server.journal_operations import JournalOperations
from runtime.ledger.server.ledger_operations import LedgerOperations
from runtime.ledger.server.proof_operations import ProofOperations
from runtime.ledger.server.request_form import has_body, json_object, parameters
from runtime.ledger.server.service_model import Operation, ServiceModel

QUERY_FIELDS_MAX = 300

Handler = Callable[[Mapping[str, Any]], dict[str, Any]]


class ControlPlane:
    """The twenty operations of QLDB's REST API, and GetConsistencyProof."""

    def __init__(
        self,
        model: ServiceModel,
        ledgers: LedgerOperations,
        proofs: ProofOperations,
        journals: JournalOperations,
    ) -> None:
        """Take the model and what carries its operations out."""
        self._model = model
        self._handlers: Mapping[str, Handler] = {
            "CancelJournalKinesisStream": journals.cancel_journal_kinesis_stream,
            "CreateLedger": ledgers.create_ledger,
            "DeleteLedger": ledgers.delete_ledger,
            "DescribeJournalKinesisStream": journals.describe_journal_kinesis_stream,
            "DescribeJournalS3Export": journals.describe_journal_s3_export,
            "DescribeLedger": ledgers.describe_ledger,
            "ExportJournalToS3": journals.export_journal_to_s3,
            "GetBlock": proofs.get_block,
            "GetConsistencyProof": proofs.get_consistency_proof,
            "GetDigest": proofs.get_digest,
            "GetRevision": proofs.get_revision,
            "ListJournalKinesisStreamsForLedger": journals.list_journal_kinesis_streams_for_ledger,
            "ListJournalS3Exports": journals.list_journal_s3_exports,
            "ListJournalS3ExportsForLedger": journals.list_journal_s3_exports_for_ledger,
            "ListLedgers": ledgers.list_ledgers,
            "ListTagsForResource": ledgers.list_tags_for_resource,
            "StreamJournalToKinesis": journals.stream_journal_to_kinesis,
            "TagResource": ledgers.tag_resource,
            "UntagResource": ledgers.untag_resource,
            "UpdateLedger": ledgers.update_ledger,
            "UpdateLedgerPermissionsMode": ledgers.update_ledger_permissions_mode,
        }

    def route(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation of a method and a path as it was sent, and the path's labels, decoded.

        RequestFormError with 404 for a path of no operation, 405 for a method it does not have.
        """
        segments = tuple(path.split("/"))
        methods: list[str] = []
        for operation in self._model.operations:
            try:
                labels = operation.labels(segments)
            except ValueError as error:
                raise RequestFormError(
                    f"the path {path[:200]} is not percent-encoded UTF-8"
                ) from error
            if labels is None:
                continue
            if operation.method == method:
                return operation, labels
            methods.append(operation.method)
        if methods:
            raise RequestFormError(
                f"{method} is not a method of {path[:200]}: use {', '.join(sorted(methods))}",
                http_status=405,
                code="MethodNotAllowedException",
            )
        raise RequestFormError(
            f"there is no operation at {path[:200]}",
            http_status=404,
            code="UnknownOperationException",
        )

    def takes_body(self, operation: Operation) -> bool:
        """Whether an operation has members that travel in the body."""
        return has_body(self._model.shapes, operation.request)

    def call(
        self, operation: Operation, labels: Mapping[str, str], query: str, body: bytes
    ) -> dict[str, Any]:
        """Carry out an operation; ServerError or LedgerError when it cannot be."""
        asked = parameters(
            self._model.shapes,
            operation.request,
            labels=labels,
            query=_query_fields(query),
            body=json_object(body) if self.takes_body(operation) else {},
        )
        return self._handlers[operation.name](asked)


def _query_fields(query: str) -> Mapping[str, Sequence[str]]:
    try:
        return parse_qs(
            query, keep_blank_values=True, errors="strict", max_num_fields=QUERY_FIELDS_MAX
        )
    except ValueError as error:
        raise RequestFormError(
            f"the query has more than {QUERY_FIELDS_MAX} fields or is not percent-encoded UTF-8"
        ) from error
