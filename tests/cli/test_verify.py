"""A ledger is held to a digest that was kept, whichever of its blocks it ended with."""

import json
from typing import Any

import pytest

from cli.cloud import Cloud
from cli.errors import FailedError
from cli.screen import Screen
from cli.verify import verify_ledgers
from runtime.ledger import merkle
from runtime.ledger.storage.port import JournalStorage
from tests.fakes import MemoryStorage
from tests.runtime.ledger.exports.exporting import busy_ledger


class MemoryCloud(Cloud):
    """Ledgers in memory."""

    def __init__(self, journals: dict[str, JournalStorage]) -> None:
        super().__init__({})
        self.journals = journals

    def filled(self, names: list[str] | None) -> dict[str, JournalStorage]:
        return {name: self.journals[name] for name in names or self.journals}


@pytest.fixture
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    busy_ledger(storage)
    return storage


def digest(storage: MemoryStorage, number: int) -> bytes:
    [block] = storage.blocks(number, number)
    return merkle.fold(block.peaks)


def verified(storage: MemoryStorage, **asked: Any) -> None:
    screen = Screen(as_json=asked.pop("as_json", False))
    verify_ledgers(screen, MemoryCloud({"ads-0": storage}), ["ads-0"], **asked)


@pytest.mark.parametrize("number", [0, 5, 11])
def test_an_earlier_digest_is_found(
    storage: MemoryStorage, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    kept = digest(storage, number)
    verified(storage, digest=kept, as_json=True)
    [shown] = json.loads(capsys.readouterr().out)
    head = storage.head()
    assert head is not None
    assert (shown["digestTip"], shown["tip"]) == (number, head.sequence_no)
    verified(storage, digest=kept)
    assert f"that at block {number}: nothing up to it was altered" in capsys.readouterr().out
    verified(storage, digest=kept, tip=number)
    assert "the same as the one you gave" in capsys.readouterr().out


def test_a_digest_of_no_block_fails(storage: MemoryStorage) -> None:
    with pytest.raises(FailedError, match="was rewritten or cut off, or the digest is another"):
        verified(storage, digest=bytes(32))
    with pytest.raises(FailedError, match="or that one is of another block"):
        verified(storage, digest=digest(storage, 4), tip=5)
