"""The tree's paths and consistency proofs from what stores keep, against the whole tree at once."""

import os
import random
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import merkle
from runtime.ledger.block_tree import BlockTree
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage.port import LEAVES_MAX, Leaf
from tests.contracts.journal_storage import filled
from tests.fakes import MemoryStorage
from tests.vectors import unbase64, vectors

BLOCKS = 40
LONG = 5_000


class LeafStorage(MemoryStorage):
    """A journal of hashes alone, which counts what is read and can damage it."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.hashes = [number.to_bytes(4, "big") + os.urandom(28) for number in range(count)]
        self.peaks: list[merkle.Peaks] = []
        peaks: merkle.Peaks = ()
        for number, each in enumerate(self.hashes):
            peaks = merkle.append(peaks, number, each)
            self.peaks.append(peaks)
        self.read: list[int] = []

    def leaves(self, sequence_nos: Collection[int]) -> dict[int, Leaf]:
        assert len(sequence_nos) <= LEAVES_MAX
        self.read.append(len(sequence_nos))
        return {n: Leaf(self.hashes[n], self.peaks[n]) for n in sequence_nos}


@pytest.fixture(scope="module")
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    filled(storage, BLOCKS)
    return storage


@pytest.mark.parametrize("nodes_cached_max", [0, 1 << 16])
def test_every_path_to_every_tip(storage: MemoryStorage, nodes_cached_max: int) -> None:
    tree = BlockTree(storage, nodes_cached_max)
    hashes = [block.block_hash for block in storage.blocks(0)]
    for size in range(1, BLOCKS + 1):
        for index in range(size):
            assert tree.path(hashes[index], index, size) == merkle.path(hashes[:size], index)


def test_paths_of_the_published_vectors() -> None:
    vector = vectors("merkle", "merkle_promote_odd")
    for path in vector["paths"]:
        ranges = merkle.path_ranges(path["index"], path["n"])
        leaves = [unbase64(leaf) for leaf in path["path"]]
        assert len(ranges) == len(leaves)


def subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962's definition (2.1.2), word by word."""
    size = len(leaves)
    if old == size:
        return [] if whole else [merkle.root(leaves)]
    left = 1
    while left * 2 < size:
        left *= 2
    if old <= left:
        return [*subproof(old, leaves[:left], whole), merkle.root(leaves[left:])]
    return [*subproof(old - left, leaves[left:], False), merkle.root(leaves[:left])]


@pytest.mark.parametrize("nodes_cached_max", [0, 1 << 16])
def test_consistency_of_any_two_sizes_is_as_the_rfc_defines_it(
    storage: MemoryStorage, nodes_cached_max: int
) -> None:
    tree = BlockTree(storage, nodes_cached_max)
    hashes = [block.block_hash for block in storage.blocks(0)]
    for new in range(1, BLOCKS + 1):
        for old in range(1, new + 1):
            assert tree.consistency(old, new) == subproof(old, hashes[:new], True)


@given(st.integers(1, LONG), st.data())
def test_ranges_of_a_path_and_its_leaf_are_the_whole_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    covered = sorted([*merkle.path_ranges(index, size), (index, index + 1)])
    assert [first for first, _ in covered] == [0, *[end for _, end in covered[:-1]]]
    assert covered[-1][1] == size


def test_a_proof_in_a_long_journal_reads_few_rows() -> None:
    storage = LeafStorage(LONG)
    chance = random.Random(3)
    cold = BlockTree(storage, nodes_cached_max=0)
    for _ in range(200):
        index = chance.randrange(LONG)
        assert merkle.follow(
            storage.hashes[index], cold.path(storage.hashes[index], index, LONG)
        ) == merkle.fold(storage.peaks[-1])
        assert len(storage.read) <= 2
        assert sum(storage.read) <= 2 * LONG.bit_length() + 2
        storage.read.clear()


def test_what_was_read_is_kept() -> None:
    storage = LeafStorage(LONG)
    warm = BlockTree(storage)
    warm.path(storage.hashes[100], 100, LONG)
    storage.read.clear()
    warm.path(storage.hashes[100], 100, LONG)
    assert storage.read == []


def test_damaged_peaks_are_found_when_a_proof_is_made() -> None:
    storage = LeafStorage(20)
    broken = bytes(32)
    storage.peaks[4] = (broken, *storage.peaks[4][1:])
    with pytest.raises(CorruptJournalError, match="do not lead to their digest"):
        BlockTree(storage).path(storage.hashes[5], 5, 20)
    with pytest.raises(CorruptJournalError, match="do not lead to their digest"):
        BlockTree(storage).consistency(5, 20)
    storage.peaks[4] = ()
    with pytest.raises(CorruptJournalError, match="block 4, or a part of its peaks, is missing"):
        BlockTree(storage).path(storage.hashes[5], 5, 20)


def test_no_path_beyond_the_tree() -> None:
    tree = BlockTree(LeafStorage(4))
    with pytest.raises(IndexError):
        tree.path(bytes(32), 4, 4)
    with pytest.raises(ValueError, match="no tree of 3 leaves grows to one of 2"):
        tree.consistency(3, 2)
