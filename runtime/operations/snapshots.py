"""Snapshots over HTTP."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from pydantic import AfterValidator, Field

from runtime.operations.inputs import KeyHeaders
from runtime.operations.snapshot_bodies import SnapshotBody, SnapshotsBody, snapshot_body
from runtime.snapshots.errors import NoSuchSnapshotError
from runtime.snapshots.layout import is_snapshot_id
from runtime.snapshots.service import SnapshotService
from runtime.web.api import Api, answer
from runtime.web.inputs import PAGE_ITEMS, Cursor, Limit, TextInput
from runtime.web.operation import Answer
from runtime.web.problem import BAD_HEADER, NOT_FOUND, ProblemError

SNAPSHOTS = "/snapshots"
SNAPSHOT = "/snapshots/{snapshotId}"
SNAPSHOT_ID_PATTERN = "^[0-9]{6}$"


def _snapshot_id(text: str) -> str:
    if is_snapshot_id(text):
        return text
    raise ValueError("is damaged; begin without a cursor")


class SnapshotsQuery(TextInput):
    """Which part of the list; a cursor is the id of the last snapshot of the page before."""

    limit: Limit = PAGE_ITEMS
    cursor: Annotated[Cursor, AfterValidator(_snapshot_id)] | None = None


class SnapshotPath(TextInput):
    """One snapshot. Any text: one that no snapshot has is unknown, and no fault."""

    snapshot_id: Annotated[str, Field(json_schema_extra={"pattern": SNAPSHOT_ID_PATTERN})]


def add_routes(api: Api, snapshots: Callable[[], SnapshotService]) -> None:
    """Register what operators can do with snapshots."""

    @api.route(
        "POST",
        SNAPSHOTS,
        summary="Snapshot the journal and every ad as of now, or go on with what is under way",
        answers={202: Answer("Accepted", SnapshotBody, {"Location": "The snapshot's path."})},
        problems=(BAD_HEADER,),
    )
    def take_snapshot(headers: KeyHeaders) -> Response[str]:
        body = snapshot_body(snapshots().start(headers.idempotency_key))
        return answer(202, body, {"Location": f"{SNAPSHOTS}/{body['snapshotId']}"})

    @api.route(
        "GET",
        SNAPSHOTS,
        summary="Snapshots, newest first",
        answers={200: Answer("A page of snapshots", SnapshotsBody)},
    )
    def list_snapshots(query: SnapshotsQuery) -> Response[str]:
        views, following = snapshots().list(query.limit, query.cursor)
        return answer(200, {"items": [snapshot_body(view) for view in views], "next": following})

    @api.route(
        "GET",
        SNAPSHOT,
        summary="One snapshot and how far it is",
        answers={200: Answer("The snapshot", SnapshotBody)},
        problems=(NOT_FOUND,),
    )
    def read_snapshot(path: SnapshotPath) -> Response[str]:
        with _told(path.snapshot_id):
            return answer(200, snapshot_body(snapshots().read(path.snapshot_id)))


@contextmanager
def _told(snapshot_id: str) -> Generator[None]:
    try:
        yield
    except NoSuchSnapshotError as error:
        raise ProblemError(NOT_FOUND, f"There is no snapshot {snapshot_id}.") from error
