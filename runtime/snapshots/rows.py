"""Revisions of ads as lines of JSON: one an ad, sorted by id, every value exact.

A price is a string, since what reads JSON elsewhere would make a float of it.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from runtime.ads.revision import FIELDS, AdRevision
from runtime.snapshots.errors import UnreadableSnapshotError

_MEMBERS: Final = {"adId", "version", "txTime", "txId", "fields"}
_TEXTS: Final = tuple(name for name in FIELDS if name not in ("price", "tags"))


def line(revision: AdRevision) -> bytes:
    """The revision as a line; the same bytes for the same revision."""
    fields = revision.fields
    row = {
        "adId": revision.ad_id,
        "version": revision.version,
        "txTime": revision.tx_time,
        "txId": revision.tx_id,
        "fields": None if fields is None else {name: _plain(fields[name]) for name in FIELDS},
    }
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def lines(revisions: Iterable[AdRevision]) -> bytes:
    """Revisions as the contents of an object."""
    return b"".join(map(line, revisions))


def revisions(key: str, data: bytes) -> Iterator[AdRevision]:
    """The revisions of an object; UnreadableSnapshotError at a line that is not one."""
    for number, text in enumerate(data.splitlines(), 1):
        try:
            yield _revision(json.loads(text))
        except (ValueError, KeyError, TypeError, InvalidOperation, AttributeError) as error:
            reason = f"line {number} is not an ad's revision ({error!r})"
            raise UnreadableSnapshotError(key, reason) from error


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _revision(row: Any) -> AdRevision:
    if set(row) != _MEMBERS:
        raise ValueError(f"its members are {sorted(row)}")
    texts = (row["adId"], row["txTime"], row["txId"])
    if not all(isinstance(text, str) for text in texts) or not isinstance(row["version"], int):
        raise TypeError("its metadata have other types")
    fields = None if row["fields"] is None else _fields(row["fields"])
    return AdRevision(row["adId"], row["version"], row["txTime"], row["txId"], fields)


def _fields(row: Any) -> dict[str, Any]:
    if set(row) != set(FIELDS):
        raise ValueError(f"the members of its fields are {sorted(row)}")
    if not all(isinstance(row[name], str) for name in (*_TEXTS, "price")):
        raise TypeError("its fields have other types")
    tags: Any = row["tags"]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in cast(list[Any], tags)):
        raise TypeError("its tags are not strings")
    return {**row, "price": Decimal(row["price"])}
