"""Whatever comes in a stream's record: revisions of ads, or a RecordError."""

from base64 import b64encode
from hashlib import md5
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.ads.revision import AdRevision
from runtime.journal.errors import RecordError
from runtime.journal.revisions import block_revisions, block_time, decode, revisions, salvage
from runtime.ledger import ion
from runtime.ledger.ion_binary import VERSION_MARKER
from tests.fuzzing import changed, effort
from tests.ion_values import ION_VALUES
from tests.journal_blocks import (
    Journal,
    ad_change,
    ad_id_of,
    ad_revision,
    aggregated,
    revision_record,
    stream_record,
)

FUZZ = effort(200)
CHANGES = st.integers(1, 4)
SEEDS = st.integers(0)
MD5_BYTES = 16
REVISIONS = [ad_revision(ad_id_of(n), n % 3, deleted=n % 3 == 2) for n in range(4)]
PAYLOAD: dict[str, Any] = dict(ion.decode(revision_record(REVISIONS[0]))["payload"])
PLACES = [
    *(("revision", name) for name in ("blockAddress", "hash", "data", "metadata")),
    *(("revision", "metadata", name) for name in ("id", "version", "txTime", "txId")),
    *(("revision", "data", name) for name in PAYLOAD["revision"]["data"]),
    *(("tableInfo",), ("tableInfo", "tableName"), ("revision",)),
]


def taken(data: bytes) -> None:
    try:
        found = decode(data)
    except RecordError:
        found = []
    assert all(isinstance(one, AdRevision) for one in found)


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    taken(data)
    taken(aggregated([data]))


@FUZZ
@given(st.sampled_from(REVISIONS), SEEDS, CHANGES)
def test_a_record_with_bytes_changed(revision: AdRevision, seed: int, changes: int) -> None:
    taken(changed(revision_record(revision), seed, changes))


@FUZZ
@given(SEEDS, CHANGES)
def test_an_envelope_with_bytes_changed_and_its_checksum_made_right(
    seed: int, changes: int
) -> None:
    """What whoever has put the right checksum says of its contents is believed, for speed."""
    whole = aggregated(map(revision_record, REVISIONS))
    body, first = whole[4:-MD5_BYTES], whole.index(VERSION_MARKER) - 4
    inner = changed(body[:first], seed, changes) + body[first:]
    sealed = whole[:4] + inner + md5(inner, usedforsecurity=False).digest()
    taken(sealed)
    salvage({"kinesis": {"data": b64encode(sealed).decode()}})


@FUZZ
@given(st.sampled_from(PLACES), ION_VALUES)
def test_any_value_in_the_place_of_another(place: tuple[str, ...], value: Any) -> None:
    payload = ion.decode(ion.encode(PAYLOAD))
    inner = payload
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    taken(stream_record("REVISION_DETAILS", payload))


@FUZZ
@given(SEEDS, CHANGES)
def test_a_block_with_bytes_changed(seed: int, changes: int) -> None:
    block = Journal().commit(*map(ad_change, REVISIONS))
    damaged = changed(block.ion, seed, changes)
    for read in (block_revisions, block_time):
        try:
            read(damaged)
        except RecordError:
            continue


@FUZZ
@given(st.dictionaries(st.sampled_from(["kinesis", "data"]), st.text() | st.none()))
def test_any_event_record(record: dict[str, Any]) -> None:
    for each in (record, {"kinesis": record}):
        try:
            revisions(each)
        except RecordError:
            continue
