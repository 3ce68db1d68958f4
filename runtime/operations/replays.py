"""Replays over HTTP."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

from aws_lambda_powertools.event_handler import Response

from runtime.ads.faults import Fault
from runtime.ads.revision import AdRevision
from runtime.operations.bodies import EntriesBody, ReplayBody, ReplaysBody, replay_body
from runtime.operations.inputs import (
    EntryPath,
    KeyHeaders,
    NewReplay,
    PageQuery,
    ReplayPath,
    is_replay_id,
)
from runtime.replays.entries import EntryPage
from runtime.replays.errors import (
    CursorError,
    ReplayKeyReusedError,
    TargetBusyError,
    UnknownReplayError,
    WrongStatusError,
)
from runtime.replays.service import Replays, View
from runtime.web.ad_bodies import VersionBody, version_body
from runtime.web.api import Api, answer
from runtime.web.operation import Answer
from runtime.web.problem import BAD_HEADER, INVALID, NOT_FOUND, Kind, ProblemError

KEY_REUSED = Kind("idempotency-key-reused", 422, "The idempotency key belongs to another replay")
TARGET_BUSY = Kind("target-busy", 409, "Another replay is making the same target anew")
WRONG_STATUS = Kind("wrong-status", 409, "The replay is in no status for this")
REPLAYS = "/replays"
REPLAY = "/replays/{replayId}"
_KINDS: dict[type[Exception], Kind] = {
    ReplayKeyReusedError: KEY_REUSED,
    TargetBusyError: TARGET_BUSY,
    UnknownReplayError: NOT_FOUND,
    WrongStatusError: WRONG_STATUS,
}


class EntryReader(Protocol):
    """What replays wrote into the replay table."""

    def read(self, replay_id: str, ad_id: str) -> AdRevision | None:
        """One ad as the replay left it; None where it wrote none."""
        ...

    def list(self, replay_id: str, limit: int, cursor: str | None = None) -> EntryPage:
        """The ads that the replay wrote; CursorError."""
        ...


def add_routes(
    api: Api, replays: Callable[[], Replays], entries: Callable[[], EntryReader]
) -> None:
    """Register what operators can do with replays."""
    _add_commands(api, replays)
    _add_queries(api, replays)
    _add_entries(api, replays, entries)


def _add_commands(api: Api, replays: Callable[[], Replays]) -> None:
    accepted = Answer("Accepted", ReplayBody, {"Location": "The replay's path."})

    @api.route(
        "POST",
        REPLAYS,
        summary="Bring a target level with the ledger, for one ad or for all",
        answers={202: accepted},
        problems=(BAD_HEADER, TARGET_BUSY, KEY_REUSED),
    )
    def start_replay(headers: KeyHeaders, body: NewReplay) -> Response[str]:
        with _told():
            return _accepted(replays().start(body.request(), headers.idempotency_key))

    @api.route(
        "POST",
        REPLAY + "/cancel",
        summary="Give a replay up; what it wrote stays, and is right",
        answers={202: accepted},
        problems=(NOT_FOUND, WRONG_STATUS),
    )
    def cancel_replay(path: ReplayPath) -> Response[str]:
        with _told():
            return _accepted(replays().cancel(_known(path.replay_id)))

    @api.route(
        "POST",
        REPLAY + "/resume",
        summary="Go on with a replay that failed or was lost, where it stopped",
        answers={202: accepted},
        problems=(NOT_FOUND, WRONG_STATUS),
    )
    def resume_replay(path: ReplayPath) -> Response[str]:
        with _told():
            return _accepted(replays().resume(_known(path.replay_id)))


def _add_queries(api: Api, replays: Callable[[], Replays]) -> None:
    @api.route(
        "GET",
        REPLAYS,
        summary="Replays, newest first",
        answers={200: Answer("A page of replays", ReplaysBody)},
    )
    def list_replays(query: PageQuery) -> Response[str]:
        with _told():
            page = replays().list(query.limit, query.cursor)
        items = [replay_body(view) for view in page.views]
        return answer(200, {"items": items, "next": page.next})

    @api.route(
        "GET",
        REPLAY,
        summary="One replay and how far it is",
        answers={200: Answer("The replay", ReplayBody)},
        problems=(NOT_FOUND,),
    )
    def read_replay(path: ReplayPath) -> Response[str]:
        with _told():
            return answer(200, replay_body(replays().read(_known(path.replay_id))))


def _add_entries(
    api: Api, replays: Callable[[], Replays], entries: Callable[[], EntryReader]
) -> None:
    @api.route(
        "GET",
        REPLAY + "/ads",
        summary="What a replay wrote into the replay table, by ad id",
        answers={200: Answer("A page of ads", EntriesBody)},
        problems=(NOT_FOUND,),
    )
    def list_entries(path: ReplayPath, query: PageQuery) -> Response[str]:
        with _told():
            replays().read(_known(path.replay_id))
            page = entries().list(path.replay_id, query.limit, query.cursor)
        items = [version_body(revision) for revision in page.revisions]
        return answer(200, {"items": items, "next": page.next})

    @api.route(
        "GET",
        REPLAY + "/ads/{adId}",
        summary="One ad as a replay left it in the replay table",
        answers={200: Answer("The ad, or its end", VersionBody)},
        problems=(NOT_FOUND,),
    )
    def read_entry(path: EntryPath) -> Response[str]:
        with _told():
            replays().read(_known(path.replay_id))
            found = entries().read(path.replay_id, path.ad_id)
        if found is None:
            detail = f"Replay {path.replay_id} has not written ad {path.ad_id}."
            raise ProblemError(NOT_FOUND, detail)
        return answer(200, version_body(found))


def _accepted(view: View) -> Response[str]:
    place = f"{REPLAYS}/{view.replay.replay_id}"
    return answer(202, replay_body(view), {"Location": place})


def _known(replay_id: str) -> str:
    if not is_replay_id(replay_id):
        raise UnknownReplayError(replay_id)
    return replay_id


@contextmanager
def _told() -> Generator[None]:
    """Refusals of replays in the API's terms; their words are meant for operators."""
    try:
        yield
    except CursorError as error:
        raise ProblemError(INVALID, str(error), [Fault("cursor", str(error))]) from error
    except tuple(_KINDS) as error:
        raise ProblemError(_KINDS[type(error)], str(error)) from error
