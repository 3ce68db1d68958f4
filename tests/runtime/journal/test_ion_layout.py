"""Ion binary is told whole from damaged without decoding it."""

import pytest
from amazon.ion import simpleion
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.journal.errors import RecordError
from runtime.journal.ion_layout import DEPTH_MAX, is_block_summary, is_whole
from runtime.journal.revisions import decode
from runtime.ledger import ion
from tests.journal_blocks import Journal, ad_revision, records_of, revision_record

SUMMARY, DETAILS = [record.data for record in records_of(Journal().commit_ad(ad_revision()))]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.binary()
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: "\ud800" not in repr(value))


@pytest.mark.parametrize("record", [SUMMARY, DETAILS, ion.encode([]), ion.encode({})])
def test_records_are_whole_and_no_piece_of_them_is(record: bytes) -> None:
    assert is_whole(record)
    for size in range(4, len(record)):
        if is_whole(record[:size]):
            assert simpleion.loads(record[:size], single_value=False) == []
    assert not is_whole(record + b"\x71")


def test_annotated_and_typed_values_are_whole() -> None:
    for text in ("a::{b:c::d::[1,null.list,{}]}", "[true,null.bool,(s t),{{aGk=}},2026-01-02T]"):
        assert is_whole(ion.encode(ion.parse(text)))


@given(VALUES)
def test_whatever_ion_writes_is_whole(value: object) -> None:
    assert is_whole(ion.encode(value))


def test_nesting_beyond_all_bounds_is_no_record() -> None:
    nested: list[object] = []
    for _ in range(DEPTH_MAX + 1):
        nested = [nested]
    assert not is_whole(ion.encode(nested))


def test_summaries_are_told_apart() -> None:
    assert is_block_summary(SUMMARY)
    assert not is_block_summary(DETAILS)
    titled = revision_record(ad_revision(adTitle="BLOCK_SUMMARY"))
    assert not is_block_summary(titled)
    for size in range(len(SUMMARY)):
        is_block_summary(SUMMARY[:size])


def test_bytes_that_would_hang_the_decoder_are_refused() -> None:
    """A symbol table damaged so that a value in it ends behind it, and a text cut short."""
    record = bytearray(DETAILS)
    at = record.index(b"metadata") + len(b"metadata") + 2
    record.insert(at, 0x0B)
    for size in range(at, len(record)):
        with pytest.raises(RecordError):
            decode(bytes(record[:size]))


@settings(max_examples=300)
@given(
    st.sampled_from([SUMMARY, DETAILS]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255), st.booleans()), max_size=4),
    st.integers(1, 2000),
)
def test_no_damage_hangs_or_breaks_the_reader(
    record: bytes, changes: list[tuple[int, int, bool]], size: int
) -> None:
    damaged = bytearray(record)
    for position, byte, inserted in changes:
        at = position % len(damaged)
        damaged[at : at + (not inserted)] = bytes([byte])
    try:
        decode(bytes(damaged[:size]))
    except RecordError:
        return
