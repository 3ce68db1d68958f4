"""What publishers can have done: each command becomes one transaction of the ledger."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.port import Ads
from runtime.web.ad_bodies import AdBody, ad_body
from runtime.web.api import Api, answer, empty
from runtime.web.etags import ETAG, demanded_versions, etag
from runtime.web.inputs import AdPath, Headers, PublisherPath
from runtime.web.operation import Answer
from runtime.web.problem import BAD_HEADER, CONFLICT, KEY_REUSED, NOT_FOUND, VERSION_MISMATCH

KEY_CHARACTERS_MAX = 255
ADS = "/publisher/{publisherId}/ad"
AD = "/publisher/{publisherId}/ad/{adId}"

IdempotencyKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=KEY_CHARACTERS_MAX,
        pattern="^[\x21-\x7e]+$",
        description="The same key with the same ad creates one ad, however often it is sent.",
    ),
]
DemandedVersions = Annotated[
    frozenset[int] | None,
    BeforeValidator(demanded_versions),
    WithJsonSchema({"type": "string", "examples": ['"3"', "*"]}),
    Field(description="Do it only to this version of the ad."),
]


class CreationHeaders(Headers):
    """What can be said beside a new ad."""

    idempotency_key: IdempotencyKey | None = None


class ConditionHeaders(Headers):
    """Which version of the ad a command is meant for."""

    if_match: DemandedVersions = None


def routes(ads: Callable[[], Ads]) -> Api:
    """The commands, done to what `ads` gives at the first of them."""
    api = Api()

    @api.route(
        "POST",
        ADS,
        summary="Create an ad",
        answers={201: Answer("Created", AdBody, {"Location": "The ad's path.", **ETAG})},
        problems=(BAD_HEADER, CONFLICT, KEY_REUSED),
    )
    def create_ad(path: PublisherPath, headers: CreationHeaders, body: NewAd) -> Response[str]:
        ad = ads().create(path.publisher_id, body, headers.idempotency_key)
        place = f"/publisher/{quote(ad.publisher_id)}/ad/{ad.ad_id}"
        return answer(201, ad_body(ad), {"Location": place, "ETag": etag(ad.version)})

    @api.route(
        "PATCH",
        AD,
        summary="Change an ad; nothing is recorded where nothing would be different",
        answers={200: Answer("The ad as it is now", AdBody, ETAG)},
        problems=(BAD_HEADER, NOT_FOUND, CONFLICT, VERSION_MISMATCH),
    )
    def change_ad(path: AdPath, headers: ConditionHeaders, body: AdChanges) -> Response[str]:
        ad = ads().change(path.publisher_id, path.ad_id, body, headers.if_match)
        return answer(200, ad_body(ad), {"ETag": etag(ad.version)})

    @api.route(
        "DELETE",
        AD,
        summary="Delete an ad; its history stays",
        answers={204: Answer("Deleted")},
        problems=(BAD_HEADER, NOT_FOUND, CONFLICT, VERSION_MISMATCH),
    )
    def delete_ad(path: AdPath, headers: ConditionHeaders) -> Response[str]:
        ads().delete(path.publisher_id, path.ad_id, headers.if_match)
        return empty(204)

    return api
