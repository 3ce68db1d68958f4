"""Blocks put together from bytes are, to the bit, what their structs are encoded to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.block import Block, seal
from runtime.ledger.block_binary import put_together
from runtime.ledger.block_struct import block_struct, revision_structs
from runtime.ledger.block_symbols import NUMBER_MAX
from runtime.ledger.draft import Change, Draft, Seal, StatementInfo
from runtime.ledger.hashing import hashed
from runtime.ledger.ion_binary import SYSTEM_SYMBOLS, hashed_stream, texts
from runtime.ledger.storage.port import StoredBlock
from runtime.ledger.verify import quick, strict
from runtime.ledger.verify.chain import check_stored
from runtime.ledger.verify.place import Place
from tests.ion_values import ION_VALUES, NAMES, struct

HASH = bytes(range(32))
MOMENT = datetime(2030, 2, 3, 4, 5, 6, 789_123, UTC)
OF_THE_LAYOUT = st.sampled_from(
    ["hash", "data", "metadata", "id", "version", "name", "txId", "statements", "tableName", "$ion"]
)
FIELDS = st.lists(st.tuples(NAMES | OF_THE_LAYOUT, ION_VALUES), max_size=6)
DOCUMENTS = FIELDS.map(struct)
IDS = st.text("abcXYZ019", min_size=22, max_size=22)
FIRST = StoredBlock(6, HASH, (HASH, HASH, HASH), -1, b"")


def change(document_id: str, data: Any, version: int = 0) -> Change:
    data = None if data is None else ion.decode(ion.encode(data))
    return Change("t" * 22, "Ads", document_id, version, data, (0, 3))


def draft(changes: list[Change], **fields: Any) -> Draft:
    statements = [StatementInfo("INSERT INTO Ads ?", MOMENT, HASH)]
    made = Draft("s" * 22, "x" * 22, statements, changes, MOMENT, MOMENT)
    return replace(made, **fields)


def both_ways(made: Draft, number: int = 7) -> tuple[Any, Any]:
    """What is put together, and what the encoder makes: a block, and its revisions."""
    data = [None if c.data is None else hashed(c.data, 100) for c in made.changes]
    sealed = Seal(number, [HASH] * len(data), [HASH, b"", b"", HASH], HASH, b"", HASH)
    structs = revision_structs(made, sealed, data)
    block = ion.encode(block_struct(made, sealed, structs))
    return put_together(made, sealed, data), (block, [ion.encode(each) for each in structs])


def check_same(made: Draft, number: int = 7) -> None:
    """Put together where each symbol's number has one byte, and to the bit what is encoded."""
    found, expected = both_ways(made, number)
    symbols = len(SYSTEM_SYMBOLS) + len(texts(hashed_stream(expected[0]).table))
    assert found == (expected if symbols <= NUMBER_MAX else None)


def check_encoder_does_it(made: Draft) -> None:
    """It is not put together, and what is sealed is good all the same."""
    assert both_ways(made)[0] is None
    check_verifies(made)


def check_verifies(made: Draft) -> None:
    """Both verifiers take it."""
    sealed = seal(made, FIRST).block
    place = Place(7, FIRST.block_hash, made.strand_id)
    assert check_stored(sealed.ion, place) == strict.check(sealed.ion, place)
    expected = [None if c.data is None else ion.encode(c.data) for c in made.changes]
    found = [each.data for each in Block.from_ion(sealed.ion).revisions]
    assert [None if data is None else ion.encode(data) for data in found] == expected


@given(DOCUMENTS, IDS, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
@settings(deadline=None)
def test_any_document(data: Any, document_id: str, version: int, number: int) -> None:
    check_same(draft([change(document_id, data, version)]), number)


@given(st.lists(DOCUMENTS | st.none(), min_size=1, max_size=4))
@settings(deadline=None)
def test_any_documents_together(documents: list[Any]) -> None:
    made = draft([change(f"{n:022}", each) for n, each in enumerate(documents)])
    check_same(made)
    check_verifies(made)


@given(st.lists(IDS, unique=True, min_size=1, max_size=40), st.integers(0, 50))
@settings(deadline=None)
def test_many_documents(ids: list[str], names: int) -> None:
    data = {f"name{n}": n for n in range(names)}
    check_same(draft([change(each, data) for each in ids]))
    check_same(draft([change(each, data) for each in ids], statements=[]))


@pytest.mark.parametrize(
    "documents",
    [
        ["{hash: a, data: {metadata: 1, blockAddress: txId}, id: c, tableId: d, documents: []}"],
        ["{version: 1, name: 2, symbols: imports}"],
        ["{a: 1, b: 2}", "{b: 2, a: 1}", "{a: b, c: b::a::{b: c}}"],
        ["{}"],
        ["{}", "{a: 1}", "{}"],
        ["{$0: $0, a: $0::1, b: null.symbol, '': ''}"],
        ["a::{b: (c d 'e f'), g: [h, {h: h}]}"],
        ["{a: 1, a: 2, a: a}"],
    ],
)
def test_symbols(documents: list[str]) -> None:
    made = draft([change(f"{n:022}", ion.parse(each)) for n, each in enumerate(documents)])
    check_same(made)
    check_verifies(made)


def test_the_quick_verifier_needs_no_help_with_ordinary_blocks() -> None:
    documents = [{"adId": "a", "price": 1}, {"hash": "b", "tags": ["c"], "data": {"id": 1}}]
    sealed = seal(draft([change(f"{n:022}", each) for n, each in enumerate(documents)]), FIRST)
    assert quick.check(sealed.block.ion, Place(7, HASH, "s" * 22)).revisions == len(documents)


def test_deletions() -> None:
    deleted, kept = change("a" * 22, None, 1), change("b" * 22, {"id": 1, "b": 2})
    for changes in ([deleted], [deleted, kept], [kept, deleted]):
        check_same(draft(changes))
        check_verifies(draft(changes))


@pytest.mark.parametrize("names", [92, 93, 94, 95, 120, 300, 3_000])
def test_more_symbols_than_one_byte_can_number(names: int) -> None:
    made = draft([change("a" * 22, {f"n{n}": n for n in range(names)})])
    assert (both_ways(made)[0] is None) == (names > 93)
    check_same(made)
    check_verifies(made)


def test_long_symbols_are_left_to_the_encoder() -> None:
    check_encoder_does_it(draft([change("a" * 22, {"n" * 5_000: 1})]))


def test_an_id_that_is_a_name_is_left_to_the_encoder() -> None:
    check_encoder_does_it(draft([change("a" * 22, {"a" * 22: 1})]))
    check_encoder_does_it(draft([change("statementDigest", {"b": 1})]))


def test_one_id_twice_is_left_to_the_encoder() -> None:
    made = draft([change("a" * 22, {"a": 1}), change("a" * 22, {"a": 2})])
    assert both_ways(made)[0] is None


def test_a_block_without_changes_is_left_to_the_encoder() -> None:
    check_encoder_does_it(draft([]))


def test_a_redaction_is_left_to_the_encoder() -> None:
    row = ion.parse('{blockAddress: {strandId: "s", sequenceNo: 1}, documentId: "d", version: 0}')
    check_encoder_does_it(draft([change("a" * 22, {"a": 1})], redaction_info={"revisions": [row]}))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone.
@example(datetime(2030, 1, 1, 23, 30, 0, 999_999, timezone(timedelta(hours=-2, minutes=-30))))
@example(ion.parse("2030-01-01T00:00:00.123456789+01:00"))
@settings(deadline=None)
def test_any_time(at: datetime) -> None:
    made = draft([change("a" * 22, {"a": 1})], tx_time=at, block_timestamp=at)
    check_same(made)


def test_what_was_hashed_is_stored_even_if_the_objects_were_changed_since() -> None:
    changes = [change("a" * 22, {"a": 1}), change("b" * 22, {"b": 1})]
    data = [hashed(each.data, 100) for each in changes]
    for count in (1, 2):
        plain = seal(draft(changes[:count]), None)
        for each in changes[:count]:
            each.data["later"] = 2
        assert seal(draft(changes[:count], data=data[:count]), None) == plain
        for each in changes[:count]:
            del each.data["later"]
