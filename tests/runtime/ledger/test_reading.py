"""The journal as plain values is what its blocks hold."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal

import pytest

from runtime.ledger import ion, reading
from runtime.ledger.block import Block
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.reading import plain_revisions
from tests.fakes import MemoryStorage
from tests.runtime.ledger.journals import sealed
from tests.runtime.ledger.ledgers import DELETE, insert, run, with_ads


def test_revisions_are_those_of_the_blocks_in_order() -> None:
    blocks = [commit.block for commit in sealed()] * (reading.BLOCKS_AT_ONCE // 4)
    expected = [
        (block.sequence_no, r.table_name, r.document_id, r.version, r.tx_id, r.data)
        for block in blocks
        for r in Block.from_ion(block.ion).revisions
    ]
    found = [
        (r.sequence_no, r.table_name, r.document_id, r.version, r.tx_id, r.data)
        for r in plain_revisions(iter(blocks))
    ]
    assert [each[:-1] for each in found] == [each[:-1] for each in expected]
    assert [each[-1] is None for each in found] == [each[-1] is None for each in expected]
    assert len(blocks) > reading.BLOCKS_AT_ONCE


def test_values_are_plain() -> None:
    ledger = with_ads(MemoryStorage())
    ad = insert(ledger, price=Decimal("10.50"), tags=["a", "b"], n=1)
    run(ledger, DELETE, ad)
    *_, made, deleted = ledger.revisions()
    assert made.data == {"price": Decimal("10.50"), "tags": ["a", "b"], "n": 1}
    assert str(made.data["price"]) == "10.50"
    assert type(made.data) is dict
    assert made.tx_time.tzinfo is not None
    assert made.tx_time.astimezone(UTC) <= deleted.tx_time
    assert (deleted.version, deleted.data, deleted.document_id) == (1, None, ad)
    assert list(ledger.revisions(deleted.sequence_no)) == [deleted]


@pytest.mark.parametrize(
    "damaged", [b"", b"\xe0\x01\x00\xea", ion.encode([1]), b"\xe0\x01\x00\xea\xde"]
)
def test_what_is_no_block_is_corrupt(damaged: bytes) -> None:
    [first, *rest] = [commit.block for commit in sealed()]
    with pytest.raises(CorruptJournalError, match="verify the journal"):
        list(plain_revisions([first, replace(first, ion=damaged), *rest]))
