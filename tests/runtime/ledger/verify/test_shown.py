"""Blocks as they are shown verify with all that their hashes cover, whoever sealed them."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.ledger import ion
from runtime.ledger.errors import VerificationError
from runtime.ledger.ion import reference_hash
from runtime.ledger.verify.place import Place
from runtime.ledger.verify.shown import Sealer, check, quick_hash
from runtime.ledger.verify.symbols import DoubtError
from tests.runtime.ledger.journals import sealed
from tests.runtime.ledger.verify.shown_blocks import (
    Journal,
    qldb_blocks,
    redacted,
    sealed_anew,
    system_block,
)

OTHER_HASH = bytes(31) + b"\x01"
JOURNAL = Journal(sealed())


def walked(blocks: list[Any], sealer: Sealer, ion_hash: Any = quick_hash) -> int:
    """Check blocks that follow one another; how many revisions they have."""
    place, revisions = Place(), 0
    for block in blocks:
        checked = check(block, place, sealer, ion_hash)
        place = Place(place.sequence_no + 1, checked.block_hash, checked.strand_id)
        revisions += checked.revisions
    return revisions


@pytest.mark.parametrize("ion_hash", [quick_hash, reference_hash])
def test_blocks_of_this_ledger_verify(ion_hash: Any) -> None:
    shown = [JOURNAL.block(number) for number in range(6)]
    assert walked(shown, Sealer.LEDGER, ion_hash) == 8
    assert walked(shown, Sealer.QLDB, ion_hash) == 8


@pytest.mark.parametrize("ion_hash", [quick_hash, reference_hash])
def test_blocks_of_qldb_verify(ion_hash: Any) -> None:
    blocks = qldb_blocks()
    assert walked(blocks, Sealer.QLDB, ion_hash) > 5
    with pytest.raises(VerificationError, match="block 0: its header does not match"):
        walked(blocks, Sealer.LEDGER)


def test_redacted_and_hidden_revisions_verify() -> None:
    blocks = [JOURNAL.block(number) for number in range(6)]
    blocks[1]["revisions"][1] = redacted(blocks[1]["revisions"][1])
    blocks[2]["revisions"][0] = {"hash": blocks[2]["revisions"][0]["hash"]}
    blocks[2] = ion.decode(ion.encode(blocks[2]))
    assert walked(blocks, Sealer.LEDGER) == 8


def test_system_blocks_of_qldb_verify_without_transaction_info() -> None:
    blocks = [system_block(block) for block in qldb_blocks()]
    assert walked(blocks, Sealer.QLDB) > 5
    with pytest.raises(VerificationError, match="members: transactionInfo"):
        walked(blocks, Sealer.LEDGER)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_blocks_of_qldb_may_have_other_lists(count: int) -> None:
    block = qldb_blocks()[0]
    info = block["entriesHashList"][3]
    block["entriesHashList"] = [OTHER_HASH] * (count - 1) + [info]
    assert check(sealed_anew(block), Place(), Sealer.QLDB).revisions == 0


def set_in(*path: Any) -> Callable[[Any], None]:
    """An edit: the last element is put at the place that the others name."""

    def edit(block: Any) -> None:
        *steps, name, value = path
        for step in steps:
            block = block[step]
        block[name] = value

    edit.__name__ = f"{path!r:.40}"
    return edit


EDITS = [
    set_in("revisions", 1, "data", "n", 9),
    set_in("revisions", 1, "metadata", "version", 9),
    set_in("revisions", 1, "metadata", "txId", "another"),
    set_in("revisions", 1, "hash", OTHER_HASH),
    set_in("revisions", 1, "blockAddress", "sequenceNo", 9),
    set_in("revisions", 1, "dataHash", OTHER_HASH),
    set_in("revisions", 1, "note", 1),
    set_in("transactionInfo", "statements", 0, "statement", "DELETE FROM Ads"),
    set_in("redactionInfo", {"revisions": []}),
    set_in("entriesHashList", 0, OTHER_HASH),
    set_in("entriesHashList", 1, OTHER_HASH),
    set_in("entriesHashList", []),
    set_in("entriesHash", OTHER_HASH),
    set_in("blockHash", OTHER_HASH),
    set_in("blockHash", bytes(31)),
    set_in("blockHash", 7),
    set_in("previousBlockHash", OTHER_HASH),
    set_in("previousBlockHash", b""),
    set_in("blockAddress", "sequenceNo", 2),
    set_in("blockAddress", "note", 2),
    set_in("revisions", []),
    set_in("extra", 1),
    lambda block: block["revisions"].reverse(),
    lambda block: block["revisions"].pop(),
    lambda block: block.pop("revisions"),
    lambda block: block.pop("blockTimestamp"),
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("sealer", Sealer)
def test_whatever_hashes_cover_cannot_be_changed(
    edit: Callable[[Any], None], sealer: Sealer
) -> None:
    before = JOURNAL.block(0)
    place = Place(1, bytes(before["blockHash"]), str(before["blockAddress"]["strandId"]))
    block = JOURNAL.block(1)
    check(block, place, sealer)
    edit(block)
    edited = ion.decode(ion.encode(block))
    with pytest.raises(VerificationError, match=r"^block 1"):
        check(edited, place, sealer)


@pytest.mark.parametrize(
    "edit",
    [
        set_in("transactionId", "another"),
        set_in("blockTimestamp", ion.parse("2026T")),
        lambda block: block["transactionInfo"].pop("documents"),
        lambda block: block["entriesHashList"].append(OTHER_HASH),
    ],
)
def test_of_this_ledgers_blocks_nothing_is_uncovered(edit: Callable[[Any], None]) -> None:
    block = JOURNAL.block(0)
    edit(block)
    with pytest.raises(VerificationError):
        check(sealed_anew(block), Place(), Sealer.LEDGER)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (Place(1, OTHER_HASH), "previousBlockHash is not the hash"),
        (Place(2, OTHER_HASH), "its sequenceNo is 1"),
        (Place(1, JOURNAL.stored[0].block_hash, "another"), "its strandId is"),
    ],
)
def test_a_block_at_another_place_is_refused(place: Place, reason: str) -> None:
    with pytest.raises(VerificationError, match=reason):
        check(JOURNAL.block(1), place, Sealer.LEDGER)


@pytest.mark.parametrize("value", ["5", "[]", "{}", "{blockAddress:1}", "null.struct"])
def test_what_is_no_block_is_refused(value: str) -> None:
    for sealer in Sealer:
        with pytest.raises(VerificationError, match=r"^block 0"):
            check(ion.parse(value), Place(), sealer)


def test_what_the_quick_hash_doubts_is_hashed_by_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def doubts(_: bytes) -> bytes:
        raise DoubtError

    value = ion.parse("{a: 1, b: [2020T, x]}")
    expected = reference_hash(value)
    assert quick_hash(value) == expected
    monkeypatch.setattr("runtime.ledger.verify.shown.value_hash", doubts)
    assert quick_hash(value) == expected
