"""Ads as lines: every value comes back exactly, and what is not an ad's revision is refused."""

from decimal import Decimal

import pytest

from runtime.ads.revision import AdRevision
from runtime.snapshots import documents, rows
from runtime.snapshots.errors import UnreadableSnapshotError

FIELDS = {
    "publisherId": "42",
    "adTitle": 'a "title"\u2028 with \x85, \x0b and \ud7ff',
    "adDescription": "",
    "price": Decimal("10.50"),
    "currency": "€",
    "category": "things",
    "tags": ["old", ""],
    "createdAt": "2026-01-02T03:04:05.678Z",
}
REVISION = AdRevision("1" * 22, 3, "2026-01-02T03:04:05.678Z", "2" * 22, FIELDS)
DELETION = AdRevision("3" * 22, 4, "2026-01-02T03:04:05.678Z", "2" * 22, None)


@pytest.mark.parametrize("price", ["0", "10", "10.50", "1E+3", "-0.00", "0.000000001"])
def test_prices_keep_every_digit(price: str) -> None:
    ad = AdRevision("1" * 22, 0, "", "", {**FIELDS, "price": Decimal(price)})
    [read] = rows.revisions("key", rows.line(ad))
    assert read.fields is not None
    assert str(read.fields["price"]) == str(Decimal(price))


def test_every_value_comes_back() -> None:
    data = rows.line(REVISION) + rows.line(DELETION)
    assert list(rows.revisions("key", data)) == [REVISION, DELETION]
    assert data.count(b"\n") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":3', b'"version":"3"'),
        (b'"price":"10.50"', b'"price":10.50'),
        (b'"price":"10.50"', b'"price":"ten"'),
        (b'"tags":["old",""]', b'"tags":"old"'),
        (b'"tags":["old",""]', b'"tags":["old",1]'),
        (b'"adTitle"', b'"title"'),
        (b'"currency":"\xe2\x82\xac"', b'"currency":null'),
        (b'"txId"', b'"tx"'),
        (b'"adId":"1', b'"adId":"\xff'),
        (b"{", b"["),
    ],
)
def test_what_is_no_revision_is_refused(old: bytes, new: bytes) -> None:
    line = rows.line(REVISION)
    assert old in line
    data = rows.line(DELETION) + line.replace(old, new, 1)
    with pytest.raises(UnreadableSnapshotError, match="object key: line 2 is not an ad's revision"):
        list(rows.revisions("key", data))


def test_a_document_vouches_for_each_of_its_bytes() -> None:
    data = documents.written({"b": [1, "€"], "a": None})
    assert documents.read("key", data) == {"a": None, "b": [1, "€"]}
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(UnreadableSnapshotError, match="object key"):
            documents.read("key", bytes(changed))
