"""How ads look in answers: models for the API's description, and the same as plain values."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from runtime.ads.ad import AD_ID_PATTERN, PRICE_SCHEMA
from runtime.ads.proof import AdProof
from runtime.ads.revision import FIELDS, Ad, AdRevision

Version = Annotated[int, Field(ge=0)]
PriceBody = Annotated[Any, WithJsonSchema(PRICE_SCHEMA)]
TimeText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Body(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class AdBody(Body):
    """An ad at one version."""

    ad_id: Annotated[str, Field(json_schema_extra={"pattern": AD_ID_PATTERN})]
    version: Version
    publisher_id: str
    ad_title: str
    ad_description: str
    price: PriceBody
    currency: str
    category: str
    tags: list[str]
    created_at: TimeText


class VersionBody(AdBody):
    """An ad at one version, and the transaction that made it so."""

    tx_time: TimeText
    tx_id: str


class DeletionBody(Body):
    """The end of an ad."""

    ad_id: str
    version: Version
    tx_time: TimeText
    tx_id: str
    deleted: Literal[True]


class Changed(Body):
    """What a version made different."""

    changes: Annotated[
        dict[str, Annotated[list[Any], Field(min_length=2, max_length=2)]] | None,
        Field(description="By field, old and new value; only when asked for."),
    ] = None


class HappenedBody(VersionBody, Changed):
    """An ad at one version of its history."""


class EndBody(DeletionBody, Changed):
    """The end of an ad in its history."""


class VersionsBody(Body):
    """One page of what happened to an ad, oldest first."""

    items: list[HappenedBody | EndBody]
    next: str | None
    """The cursor of the page behind this one; null on the last."""


class AddressBody(Body):
    """Where a block is in a ledger's journal."""

    strand_id: str
    sequence_no: Version


class ProvenBody(Body):
    """A revision in both forms; `json` follows from `ion`, and `ion` is what was hashed."""

    ion: str
    json_: Annotated[VersionBody | DeletionBody, Field(alias="json")]


Hash = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]
"""32 bytes in base64."""


class ProofBody(Body):
    """One version of an ad and what proves it; it can be checked without us."""

    ledger: str
    block_address: AddressBody
    revision: ProvenBody
    proof: list[Hash]
    """From the revision up to the digest."""
    digest: Hash
    """Of the whole ledger up to the tip: compare it with one that you had from elsewhere."""
    digest_tip_address: AddressBody


class AdsBody(Body):
    """One page of ads."""

    items: list[AdBody]
    next: str | None
    """The cursor of the page behind this one; null on the last."""


class PastAdsBody(Body):
    """One page of the ads that a publisher had at a time, by id."""

    items: list[VersionBody]
    """Perhaps fewer than the limit, even none, though there is a next page."""
    next: str | None
    """The cursor of the page behind this one; null on the last."""


class FoundBody(AdsBody):
    """One page of what was found, best match first."""

    total: Version
    """How many ads match, on all pages."""


def ad_body(ad: Ad) -> Mapping[str, Any]:
    """An AdBody."""
    return {"adId": ad.ad_id, "version": ad.version, **_shown(ad.fields)}


def version_body(revision: AdRevision) -> Mapping[str, Any]:
    """A VersionBody, or a DeletionBody for a deletion."""
    fields = {"deleted": True} if revision.fields is None else _shown(revision.fields)
    return {
        "adId": revision.ad_id,
        "version": revision.version,
        "txTime": revision.tx_time,
        "txId": revision.tx_id,
        **fields,
    }


def changed_body(revision: AdRevision, previous: AdRevision | None) -> Mapping[str, Any]:
    """A HappenedBody or EndBody with its changes; `previous` is None for a creation."""
    old = {} if previous is None else (previous.fields or {})
    new = revision.fields or {}
    pairs = {name: [old.get(name), new.get(name)] for name in FIELDS}
    # 1.0 and 1.00 are different prices.
    changes = {name: pair for name, pair in pairs.items() if repr(pair[0]) != repr(pair[1])}
    return {**version_body(revision), "changes": changes}


def proof_body(proof: AdProof) -> Mapping[str, Any]:
    """A ProofBody."""
    return {
        "ledger": proof.ledger,
        "blockAddress": {"strandId": proof.strand_id, "sequenceNo": proof.sequence_no},
        "revision": {"ion": proof.ion, "json": version_body(proof.revision)},
        "proof": [_base64(each) for each in proof.hashes],
        "digest": _base64(proof.digest),
        "digestTipAddress": {"strandId": proof.strand_id, "sequenceNo": proof.tip_sequence_no},
    }


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _shown(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: fields[name] for name in FIELDS}
