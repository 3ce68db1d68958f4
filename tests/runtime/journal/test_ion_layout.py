"""Block summaries are known without decoding, and damage neither hangs nor breaks the reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.journal.errors import RecordError
from runtime.journal.ion_layout import is_block_summary
from runtime.journal.revisions import decode
from tests.journal_blocks import Journal, ad_revision, records_of, revision_record

SUMMARY, DETAILS = [record.data for record in records_of(Journal().commit_ad(ad_revision()))]


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
