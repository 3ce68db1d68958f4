"""Bulk requests: built, split, and every item of the answer looked at."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from runtime.ads.revision import AdRevision
from runtime.search_index.documents import document

BULK_BYTES_MAX = 5_000_000
"""Half of the smallest request limit of an OpenSearch domain (10 MiB)."""
BULK_ITEMS_MAX = 500


class Effect(Enum):
    """What became of one item."""

    INDEXED = "indexed"
    SUPERSEDED = "superseded"
    """The index holds this version already, or a newer one."""
    UNAVAILABLE = "unavailable"
    """Not indexed as far as is known, for a reason outside of the item: try again."""
    NO_INDEX = "no index"
    """Not indexed because the index is missing."""
    REFUSED = "refused"
    """Never to be indexed as it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one revision; `reason` is OpenSearch's where it is not in the index."""

    revision: AdRevision
    effect: Effect
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether the index may hold an older state of the ad than this revision."""
        return self.effect not in (Effect.INDEXED, Effect.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Request:
    """One bulk request and the revisions it carries, in order."""

    revisions: tuple[AdRevision, ...]
    body: bytes


def requests(alias: str, revisions: Iterable[AdRevision]) -> Iterator[Request]:
    """The revisions in as few requests as the limits on bytes and items allow."""
    group: list[AdRevision] = []
    lines: list[bytes] = []
    size = 0
    for revision in revisions:
        line = _lines(alias, revision)
        if group and (len(group) == BULK_ITEMS_MAX or size + len(line) > BULK_BYTES_MAX):
            yield Request(tuple(group), b"".join(lines))
            group, lines, size = [], [], 0
        group.append(revision)
        lines.append(line)
        size += len(line)
    if group:
        yield Request(tuple(group), b"".join(lines))


def outcomes(sent: Sequence[AdRevision], answer: Mapping[str, Any]) -> list[Outcome]:
    """One outcome a revision sent, in order, whatever the answer's status was."""
    results: list[Mapping[str, Any]] = [item["index"] for item in answer["items"]]
    if [result.get("_id") for result in results] != [revision.ad_id for revision in sent]:
        reason = f"the answer names {len(results)} items, not the {len(sent)} that were sent"
        return [Outcome(revision, Effect.UNAVAILABLE, reason) for revision in sent]
    return [_outcome(*pair) for pair in zip(sent, results, strict=True)]


def _lines(alias: str, revision: AdRevision) -> bytes:
    """Action and document. External versions begin at 1, an ad's at 0."""
    action = {
        "index": {
            "_index": alias,
            "_id": revision.ad_id,
            "version": revision.version + 1,
            "version_type": "external",
        }
    }
    return f"{json.dumps(action)}\n{json.dumps(document(revision))}\n".encode()


def _outcome(revision: AdRevision, result: Mapping[str, Any]) -> Outcome:
    status = result.get("status", 0)
    if status in (200, 201):
        return Outcome(revision, Effect.INDEXED)
    if status == 409:
        return Outcome(revision, Effect.SUPERSEDED)
    error = result.get("error", {})
    reason = f"status {status}: {json.dumps(error)}"
    if error.get("type") == "index_not_found_exception":
        return Outcome(revision, Effect.NO_INDEX, reason)
    return Outcome(revision, Effect.REFUSED if status == 400 else Effect.UNAVAILABLE, reason)
