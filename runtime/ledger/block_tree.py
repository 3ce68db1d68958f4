"""The Merkle tree over a journal's block hashes, of which a store keeps each block's peaks.

The root of every perfect subtree can be told from two neighbouring blocks: one that is a left half
is the last peak of its last block; one that is a right half is what its last block's hash makes of
the peaks before it. So a proof reads O(log n) short rows, however long the journal is.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Final, Generic, TypeVar

from runtime.ledger import merkle
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.merkle import Range
from runtime.ledger.storage.port import JournalStorage, Leaf, StoredBlock

NODES_CACHED_MAX: Final = 1 << 16
"""Roots of subtrees kept, about 15 MB: with 100,000 blocks, all but the lowest level's."""
TIPS_CACHED_MAX: Final = 256

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BlockTree:
    """Makes paths and consistency proofs; threads may share it."""

    def __init__(self, storage: JournalStorage, nodes_cached_max: int = NODES_CACHED_MAX) -> None:
        """Read nothing yet."""
        self._storage = storage
        self._nodes: _Recent[Range, bytes] = _Recent(nodes_cached_max)
        self._tips: _Recent[int, Leaf] = _Recent(TIPS_CACHED_MAX)

    def has(self, sequence_no: int) -> bool:
        """Whether there is such a block."""
        if self._tips.get(sequence_no) is not None:
            return True
        leaf = self._storage.leaves([sequence_no]).get(sequence_no)
        if leaf is not None:
            self._tips.put(sequence_no, leaf)
        return leaf is not None

    def check_peaks(self, block: StoredBlock) -> None:
        """CorruptJournalError unless a block's peaks are made of those before and of its hash."""
        number = block.sequence_no
        before = self._storage.leaves([number - 1]).get(number - 1) if number else None
        peaks = () if before is None else before.peaks
        if not merkle.is_upon(block.peaks, number, block.block_hash, peaks):
            raise CorruptJournalError(
                f"the peaks kept with block {number}, or with the one before, are not those of"
                " their journal: restore it from a backup"
            )

    def path(self, leaf: bytes, index: int, size: int) -> list[bytes]:
        """The siblings from block `index`, whose hash is given, to the digest of `size` blocks.

        CorruptJournalError when what is stored does not lead there.
        """
        ranges = merkle.path_ranges(index, size)
        roots = self._roots(ranges, index, size)
        self._check({**roots, (index, index + 1): leaf}, size)
        return [roots[each] for each in ranges]

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The hashes that show the first `old_size` blocks to be the same under both digests.

        CorruptJournalError when what is stored does not lead to the digests.
        """
        ranges = merkle.consistency_ranges(old_size, new_size)
        roots = self._roots(ranges, old_size, new_size)
        tiles = {**roots, **self._peaks(self._tip(old_size), old_size)}
        self._check(tiles, new_size)
        return [roots[each] for each in ranges]

    def _roots(self, ranges: Iterable[Range], left: int, size: int) -> dict[Range, bytes]:
        """The root of each range: a peak of the first `left` blocks, or right of them."""
        tip = self._tip(size)
        known = {each: self._nodes.get(each) for each in ranges}
        missing = [each for each, found in known.items() if found is None]
        needed = _needed(missing, left, size)
        leaves: Mapping[int, Leaf] = self._storage.leaves(needed) if needed else {}
        peaks: dict[Range, bytes] | None = None
        for first, end in missing:
            if end > left:
                root = _right_root((first, end), size, tip, leaves)
            else:
                peaks = self._peaks(_leaf(leaves, left - 1), left) if peaks is None else peaks
                root = peaks[first, end]
            if end - first == 1 << (end - first).bit_length() - 1:
                self._nodes.put((first, end), root)
            known[first, end] = root
        return {each: found for each, found in known.items() if found is not None}

    def _tip(self, size: int) -> Leaf:
        """The block whose peaks make the digest of so many blocks."""
        kept = self._tips.get(size - 1)
        leaves = {size - 1: kept} if kept is not None else self._storage.leaves([size - 1])
        leaf = _leaf(leaves, size - 1)
        self._tips.put(size - 1, leaf)
        return leaf

    def _peaks(self, leaf: Leaf, size: int) -> dict[Range, bytes]:
        return dict(zip(merkle.peak_ranges(size), leaf.peaks, strict=True))

    def _check(self, tiles: Mapping[Range, bytes], size: int) -> None:
        if merkle.root_over(tiles, 0, size) != merkle.fold(self._tip(size).peaks):
            raise CorruptJournalError(
                f"the hashes kept with the blocks up to {size - 1} do not lead to their digest:"
                " verify the journal and restore it from a backup"
            )


class _Recent(Generic[Key, Value]):
    """What was used last, up to a number of entries."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._entries[key] = value
            while len(self._entries) > self._entries_max:
                self._entries.popitem(last=False)


def _needed(ranges: Iterable[Range], left: int, size: int) -> set[int]:
    """The blocks whose rows tell the roots of ranges; the tip's is known."""
    numbers: set[int] = set()
    for first, end in ranges:
        if end <= left:
            numbers.add(left - 1)
        elif not _is_ragged(first, end, size):
            numbers.update(range(max(first, end - 2), end))
    return numbers


def _is_ragged(first: int, end: int, size: int) -> bool:
    """Whether a range is the tree's right end and no perfect subtree."""
    return end == size and (end - first).bit_count() != 1


def _right_root(over: Range, size: int, tip: Leaf, leaves: Mapping[int, Leaf]) -> bytes:
    first, end = over
    if _is_ragged(first, end, size):
        starts = [start for start, _ in merkle.peak_ranges(size)]
        return merkle.fold(tip.peaks[starts.index(first) :])
    root = _leaf(leaves, end - 1).block_hash
    height = (end - first).bit_length() - 1
    if height:
        for peak in reversed(_leaf(leaves, end - 2).peaks[-height:]):
            root = merkle.dot(peak, root)
    return root


def _leaf(leaves: Mapping[int, Leaf], number: int) -> Leaf:
    found = leaves.get(number)
    if found is None or len(found.peaks) != (number + 1).bit_count():
        raise CorruptJournalError(
            f"block {number}, or a part of its peaks, is missing: verify the journal"
        )
    return found
