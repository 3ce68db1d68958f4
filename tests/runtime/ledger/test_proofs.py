"""A ledger's digests, blocks, revisions and proofs, by QLDB's published algorithm."""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.ledger import ion, merkle
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import CorruptJournalError, StatementError
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.published import published
from runtime.ledger.storage.port import StoredBlock
from runtime.ledger.verify.shown import Sealer
from tests.fakes import MemoryStorage
from tests.runtime.ledger.journals import numbered_id, sealed
from tests.runtime.ledger.ledgers import (
    DELETE,
    INSERT,
    SET_N,
    STORAGES,
    execute,
    insert,
    run,
    storage_of,
    with_ads,
)

FLIPS = 150


@pytest.fixture(params=STORAGES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """Tables, documents, a transaction with many of them, changes and a deletion."""
    with storage_of(request.param, tmp_path) as storage:
        ledger = with_ads(storage)
        first = insert(ledger, category="a", n=1)
        transaction = ledger.begin()
        for number in range(5):
            execute(transaction, INSERT, {"category": "b", "n": number})
        transaction.commit()
        run(ledger, SET_N, 2, first)
        run(ledger, DELETE, first)
        for _ in range(5):
            insert(ledger, category="c", n=3)
        yield ledger


def test_every_block_is_proven_to_every_tip(ledger: Ledger) -> None:
    stored = list(ledger.blocks())
    for tip in range(len(stored)):
        digest = ledger.digest(tip)
        assert digest.sequence_no == tip
        assert digest.value == merkle.root([block.block_hash for block in stored[: tip + 1]])
        for number in range(tip + 1):
            block, proof = ledger.block(number, tip)
            assert bytes(block["blockHash"]) == stored[number].block_hash
            assert proof is not None
            assert merkle.follow(stored[number].block_hash, proof) == digest.value
    assert ledger.digest() == ledger.digest(len(stored) - 1)


def test_every_revision_is_proven_to_every_tip(ledger: Ledger) -> None:
    tips = len(list(ledger.blocks()))
    kinds: set[int] = set()
    for number in range(tips):
        for shown in ledger.block(number)[0].get("revisions", ()):
            if "metadata" not in shown:
                continue
            kinds.add(len(shown))
            for tip in range(number, tips):
                document_id = str(shown["metadata"]["id"])
                revision, proof = ledger.revision(number, document_id, tip)
                assert revision == shown
                data_hash = ion_hash(revision["data"]) if "data" in revision else b""
                leaf = dot(data_hash, ion_hash(revision["metadata"]))
                assert proof is not None
                assert all(len(step) == 32 for step in proof)
                assert merkle.follow(leaf, proof) == ledger.digest(tip).value
    assert kinds == {3, 4}


def test_without_a_tip_there_is_no_proof(ledger: Ledger) -> None:
    block, proof = ledger.block(2)
    assert proof is None
    [revision] = block["revisions"]
    assert ledger.revision(2, str(revision["metadata"]["id"])) == (revision, None)


def test_system_tables_are_shown_as_hashes(ledger: Ledger) -> None:
    for number in (0, 1):
        [revision] = ledger.block(number)[0]["revisions"]
        assert list(revision) == ["hash"]
    [table] = run(ledger, "SELECT VALUE tableId FROM information_schema.user_tables")
    with pytest.raises(StatementError, match="has no revision of document"):
        ledger.revision(0, str(table))


def test_what_is_not_there_is_refused(ledger: Ledger) -> None:
    for call in (
        lambda: ledger.block(99),
        lambda: ledger.block(-1),
        lambda: ledger.block(3, 2),
        lambda: ledger.block(3, 99),
        lambda: ledger.digest(99),
        lambda: ledger.revision(3, numbered_id(1)),
        lambda: ledger.consistency(-1, 3),
        lambda: ledger.consistency(4, 3),
        lambda: ledger.consistency(4, 99),
    ):
        with pytest.raises(StatementError):
            call()


def test_every_two_tips_are_consistent(ledger: Ledger) -> None:
    tips = len(list(ledger.blocks()))
    for new in range(tips):
        for old in range(new + 1):
            roots = dict(
                zip(
                    merkle.consistency_ranges(old + 1, new + 1),
                    ledger.consistency(old, new),
                    strict=True,
                )
            )
            roots.setdefault((0, old + 1), ledger.digest(old).value)
            assert merkle.root_over(roots, 0, new + 1) == ledger.digest(new).value


class GivenBlocks(MemoryStorage):
    """A journal whose blocks are what they are told to be."""

    def __init__(self, blocks: list[StoredBlock]) -> None:
        super().__init__()
        self._blocks = blocks


@pytest.mark.parametrize("number", range(6))
def test_a_damaged_block_is_not_shown(number: int) -> None:
    """But for the few bytes that no hash of QLDB's covers, wherever the bit is."""
    whole = [commit.block for commit in sealed()][number]
    intact = ion.decode(whole.ion)
    chance = random.Random(number)
    for bit in chance.sample(range(len(whole.ion) * 8), FLIPS):
        damaged = bytearray(whole.ion)
        damaged[bit // 8] ^= 1 << bit % 8
        stored = replace(whole, ion=bytes(damaged))
        with pytest.raises(CorruptJournalError):
            published(stored, Sealer.LEDGER)
        with contextlib.suppress(CorruptJournalError):
            shown = published(stored)
            differing = [n for n in intact if ion.encode(shown[n]) != ion.encode(intact[n])]
            assert differing in (["blockAddress"], ["transactionId"], ["blockTimestamp"]), bit
    other = replace(whole, block_hash=bytes(32))
    with pytest.raises(CorruptJournalError, match=f"block {number}"):
        Ledger(GivenBlocks([other] * (number + 1)), name="ads-0").block(number)
