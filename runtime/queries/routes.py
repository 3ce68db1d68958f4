"""What publishers can ask for: answered by the state table, by the ledger for what is past."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Protocol

from aws_lambda_powertools.event_handler import Response
from pydantic import ConfigDict, RootModel

from runtime.ads.ad import is_ad_id
from runtime.ads.errors import AdNotFoundError
from runtime.ads.faults import Fault
from runtime.ads.port import Ads
from runtime.ads.revision import Ad, AdRevision
from runtime.ledger.errors import CorruptJournalError
from runtime.queries.inputs import AdQuery, ListQuery, ReadHeaders, VersionPath
from runtime.queries.past import past_page
from runtime.queries.versions import versions_page
from runtime.state.errors import (
    CursorError,
    DamagedItemError,
    StateRefusedError,
    StateUnavailableError,
)
from runtime.state.table import Page
from runtime.web.ad_bodies import (
    AdBody,
    AdsBody,
    PastAdsBody,
    ProofBody,
    VersionBody,
    VersionsBody,
    ad_body,
    proof_body,
    version_body,
)
from runtime.web.api import Api, answer, empty
from runtime.web.etags import ETAG, etag
from runtime.web.inputs import AdPath, PublisherPath
from runtime.web.operation import Answer, Operation
from runtime.web.problem import (
    BAD_HEADER,
    DAMAGED,
    INVALID,
    NOT_FOUND,
    NOT_INDEXED,
    UNAVAILABLE,
    ProblemError,
)

TITLE = "Publishers' ads"


class States(Protocol):
    """The newest revision of every ad, a moment behind the ledger."""

    def get(self, ad_id: str) -> AdRevision | None:
        """The ad's newest revision, a deletion included; None for one never seen."""
        ...

    def list(self, publisher_id: str, limit: int, cursor: str | None = None) -> Page:
        """A page of the publisher's ads, newest first; CursorError for a cursor of another list."""
        ...


class ReadBody(RootModel[AdBody | VersionBody | VersionsBody]):
    """The ad, the ad as it was, or a page of what happened to it."""

    model_config = ConfigDict(defer_build=True)


class ListBody(RootModel[AdsBody | PastAdsBody]):
    """A page of a publisher's ads, as they are or as they were."""

    model_config = ConfigDict(defer_build=True)


def routes(
    states: Callable[[], States],
    ads: Callable[[], Ads],
    others: Callable[[], Iterable[Operation]] = tuple,
) -> Api:
    """The queries; `others` are operations of the same API that another worker answers."""
    api = Api(
        {
            CorruptJournalError: DAMAGED,
            DamagedItemError: DAMAGED,
            StateRefusedError: INVALID,
            StateUnavailableError: UNAVAILABLE,
        }
    )

    _add_lists(api, states, ads)

    @api.route(
        "GET",
        "/publisher/{publisherId}/ad/{adId}",
        summary="One ad: now, at a time, or through all of its versions",
        answers={
            HTTPStatus.OK: Answer("What was asked for", ReadBody, ETAG),
            HTTPStatus.NOT_MODIFIED: Answer("The reader has this version already", headers=ETAG),
        },
        problems=(BAD_HEADER, NOT_FOUND),
    )
    def read_ad(path: AdPath, query: AdQuery, headers: ReadHeaders) -> Response[str]:
        owner, ad_id = path.publisher_id, path.ad_id
        if query.versions:
            return answer(HTTPStatus.OK, versions_page(ads(), path, query))
        if query.at is not None:
            return answer(HTTPStatus.OK, version_body(ads().at(owner, ad_id, query.at)))
        strong = query.consistency == "strong"
        ad = ads().read(owner, ad_id) if strong else _current(states(), owner, ad_id)
        tag = {"ETag": etag(ad.version)}
        if headers.if_none_match is None or ad.version in headers.if_none_match:
            return empty(HTTPStatus.NOT_MODIFIED, tag)
        return answer(HTTPStatus.OK, ad_body(ad), tag)

    _add_proofs(api, ads)
    api.describe(TITLE, others)
    return api


def _add_lists(api: Api, states: Callable[[], States], ads: Callable[[], Ads]) -> None:
    @api.route(
        "GET",
        "/publisher/{publisherId}/ad",
        summary="A publisher's ads: now, newest first, or at a time, by id",
        answers={HTTPStatus.OK: Answer("A page of ads", ListBody)},
        problems=(NOT_INDEXED,),
    )
    def list_ads(path: PublisherPath, query: ListQuery) -> Response[str]:
        if query.at is not None:
            page_of_then = past_page(ads(), path.publisher_id, query.at, query.limit, query.cursor)
            return answer(HTTPStatus.OK, page_of_then)
        try:
            page = states().list(path.publisher_id, query.limit, query.cursor)
        except CursorError as error:
            raise ProblemError(INVALID, str(error), [Fault("cursor", str(error))]) from error
        found = [ad_body(ad) for revision in page.revisions if (ad := revision.ad()) is not None]
        return answer(HTTPStatus.OK, {"items": found, "next": page.next})


def _add_proofs(api: Api, ads: Callable[[], Ads]) -> None:
    @api.route(
        "GET",
        "/publisher/{publisherId}/ad/{adId}/versions/{version}/proof",
        summary="What proves a version of an ad to anybody",
        answers={HTTPStatus.OK: Answer("The version, its proof and the digest", ProofBody)},
        problems=(NOT_FOUND,),
    )
    def prove_version(path: VersionPath) -> Response[str]:
        proof = ads().proof(path.publisher_id, path.ad_id, path.version)
        return answer(HTTPStatus.OK, proof_body(proof))


def _current(states: States, publisher_id: str, ad_id: str) -> Ad:
    revision = states.get(ad_id) if is_ad_id(ad_id) else None
    ad = None if revision is None else revision.ad()
    if ad is None or ad.publisher_id != publisher_id:
        raise AdNotFoundError(publisher_id, ad_id)
    return ad
