"""What is taken out of a block's bytes is what the decoder gives, and so is what it refuses."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.ledger import block_parts, ion, reading
from runtime.ledger.block_parts import Parts, PartsReader
from runtime.ledger.draft import Change, StatementInfo
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.ion_form import check_form
from runtime.ledger.reading import PlainRevision, plain_revisions
from runtime.ledger.storage.port import StoredBlock
from tests.fakes import MemoryStorage
from tests.foreign_journal import vehicles
from tests.ion_values import ION_VALUES, NAMES, struct
from tests.runtime.ledger.journals import START, TABLE, draft, numbered_id, sealed
from tests.runtime.ledger.ledgers import SET_N, insert, run, with_ads
from tests.runtime.ledger.test_redaction import redact

OF_THE_LAYOUT = st.sampled_from(
    ["hash", "data", "metadata", "id", "version", "txTime", "revisions"]
)
DOCUMENTS = st.lists(st.tuples(NAMES | OF_THE_LAYOUT, ION_VALUES), max_size=6).map(struct)
VALUES_A_BYTE = 2


def decoded(blocks: Sequence[StoredBlock]) -> list[PlainRevision] | None:
    """What the decoder makes of the whole of each block; None where it refuses one."""
    try:
        return [
            found for block in blocks for found in reading._revisions(block, reading._block(block))
        ]
    except CorruptJournalError:
        return None


def read(blocks: Sequence[StoredBlock]) -> list[PlainRevision] | None:
    """What is read; None where a block is refused."""
    try:
        return list(plain_revisions(blocks))
    except CorruptJournalError:
        return None


def shown(found: Any) -> str:
    """Values, types and digits, so that 1.0 is not 1.00 and nan is nan."""
    return re.sub(r" object at 0x[0-9a-f]+", "", repr(found))


def parts_of(block: bytes) -> Parts | None:
    return PartsReader().parts(block)


def blocks_of(*changes: Sequence[Change], **options: Any) -> list[StoredBlock]:
    made = [replace(draft(n, each), **options) for n, each in enumerate(changes)]
    return [commit.block for commit in sealed(made)]


def numbered(documents: Sequence[Any]) -> list[Change]:
    """The first version of each document."""
    return [Change(*TABLE, numbered_id(n), 0, data, (0,)) for n, data in enumerate(documents)]


def check_same(blocks: Sequence[StoredBlock]) -> None:
    assert shown(read(blocks)) == shown(decoded(blocks))


def test_a_journal_with_every_kind_of_block() -> None:
    blocks = [commit.block for commit in sealed()]
    check_same(blocks * 20)
    # The redacting block changes no document: it is the decoder's.
    assert [parts_of(each.ion) is not None for each in blocks] == [True] * 4 + [False, True]


@given(st.lists(st.lists(DOCUMENTS | st.none(), min_size=1, max_size=3), min_size=1, max_size=4))
@settings(deadline=None)
def test_any_documents(documents: list[list[Any]]) -> None:
    check_same(blocks_of(*map(numbered, documents)))


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone.
    st.integers(0, 1 << 44),
)
@example(datetime(2024, 2, 29, 23, 59, 59, 999_000, UTC), 0)
@example(datetime(2030, 12, 31, 0, 0, 0, 0, UTC), 255)
@example(datetime(2030, 1, 30, 0, 0, 0, 1_000, UTC), 256)
@settings(deadline=None)
def test_any_time_and_version(at: datetime, version: int) -> None:
    changes = [Change(*TABLE, numbered_id(1), version, {"a": 1}, (0,))]
    blocks = blocks_of(changes, tx_time=at, block_timestamp=at)
    check_same(blocks)
    (found,) = plain_revisions(blocks)
    assert found.version == version
    assert found.tx_time == at.replace(microsecond=at.microsecond // 1000 * 1000)
    if 1920 <= at.year < 2048 and version < 1 << 40:
        assert parts_of(blocks[0].ion) is not None


@pytest.mark.parametrize("statements", [[], ["SELECT 1"], ["SELECT 'ä'", "x" * 5_000, "b"]])
def test_any_statements(statements: list[str]) -> None:
    infos = [StatementInfo(text, START, bytes(range(32))) for text in statements]
    blocks = blocks_of(*[numbered([{"n": n}]) for n in range(3)], statements=infos)
    check_same(blocks)
    assert (parts_of(blocks[0].ion) is not None) == bool(statements)


def test_more_shapes_and_statements_than_are_kept() -> None:
    count = block_parts.KEPT_MAX + 2
    pending = [draft(n, numbered([{f"n{n}": n}]), (f"INSERT {n}",)) for n in range(count)]
    reader, blocks = PartsReader(), [each.block for each in sealed(pending)]
    for block in (*blocks, *blocks):
        assert reader.parts(block.ion) is not None
    assert len(reader._tails) <= block_parts.KEPT_MAX
    assert len(reader._tables) <= block_parts.KEPT_MAX
    check_same(blocks)


def test_blocks_that_qldb_sealed() -> None:
    blocks = [
        StoredBlock(n, b"", (), -1, ion.encode(block))
        for n, block in enumerate(vehicles()[0].blocks)
    ]
    check_same(blocks)
    assert len(read(blocks) or ()) > 1


def test_redacted_blocks() -> None:
    ledger = with_ads(MemoryStorage())
    ad = insert(ledger, category="cars", n=1)
    run(ledger, SET_N, 2, ad)
    *_, first, second = before = list(ledger.revisions())
    redact(ledger, ad)
    check_same(list(ledger.blocks()))
    found = list(ledger.revisions())[: len(before)]
    assert found == [*before[:-2], first._replace(data=None), second]


def damaged(block: bytes, chance: random.Random) -> Iterator[tuple[int, bytes]]:
    """A block with one other byte, and where that is."""
    for at in range(len(block)):
        for _ in range(VALUES_A_BYTE):
            other = bytearray(block)
            other[at] ^= chance.choice((1 << chance.randrange(8), chance.randrange(1, 256)))
            yield at, bytes(other)


@pytest.mark.parametrize("number", range(4))
def test_a_damaged_byte_is_read_as_by_the_decoder_or_refused(number: int) -> None:
    blocks = [commit.block for commit in sealed()]
    reader = PartsReader()
    whole = [reader.parts(each.ion) for each in blocks][number]
    assert whole is not None
    block, spans = blocks[number], []
    for data in filter(None, whole[1]):
        start = block.ion.rindex(data)
        spans.append(range(start, start + len(data)))
    for at, other in damaged(block.ion, random.Random(number)):
        try:
            check_form(other)
        except IonError:
            # The decoder might not return. Damage outside of data has no parts.
            assert any(at in span for span in spans) or reader.parts(other) is None
            continue
        bad = replace(block, ion=other)
        expected, found = decoded([block, bad, block]), read([block, bad, block])
        assert shown(found) == shown(expected), at


def test_an_error_names_the_block() -> None:
    blocks = [commit.block for commit in sealed()]
    for whole, other in ((b"tableName", b"tableNome"), (b"hash", b"hasp")):
        bad = replace(blocks[2], ion=blocks[2].ion.replace(whole, other))
        assert bad != blocks[2]
        with pytest.raises(CorruptJournalError, match="block 2 of the journal is none"):
            list(plain_revisions([*blocks[:2], bad, *blocks[3:]]))


def test_data_that_name_a_field_as_a_document_are_read_with_their_own_symbols() -> None:
    first, second = blocks_of(numbered([{"a": 1}]), numbered([{"a": 2}]))
    named = bytearray(second.ion)
    named[second.ion.index(b"\x9f\x21\x02")] = 0x99
    blocks = [first, replace(second, ion=bytes(named))]
    check_same(blocks)
    assert [each.data for each in plain_revisions(blocks)] == [{"a": 1}, {numbered_id(0): 2}]
