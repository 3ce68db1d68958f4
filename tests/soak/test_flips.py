"""A few bits of every value of a stored journal; `make soak` flips all of them."""

from pathlib import Path

import pytest

from tests.soak.flips import BLOCKS, COLUMNS, Cell, Journal, Silent, flip_bits, some_bits

SEED = 20260102
BITS = 1


def test_every_flip_is_found_in_its_block(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    try:
        assert len(journal.expected) == BLOCKS
        found = flip_bits(journal, some_bits(SEED, BITS))
    finally:
        journal.close()
    columns = {f"{table}.{column}" for table, names in COLUMNS.items() for column in names}
    assert columns <= set(found)


def test_a_flip_that_nobody_notices_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    monkeypatch.setattr("tests.soak.flips._located", lambda *_: None)
    with pytest.raises(Silent, match="was found in block None"):
        flip_bits(journal, some_bits(SEED, BITS))
    journal.close()


@pytest.mark.parametrize("value", [0, 5, -1, 127, 128, 40_000, "text", b"\x00\xff"])
def test_each_bit_makes_another_value(value: int | str | bytes) -> None:
    cell = Cell("block", "ion", (0,), value, 0)
    assert cell.bits >= 8
    flipped = [cell.flipped(bit) for bit in range(cell.bits)]
    original = value.encode() if isinstance(value, str) else value
    assert len(set(flipped)) == cell.bits
    assert original not in flipped
