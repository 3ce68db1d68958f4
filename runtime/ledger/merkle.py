"""Merkle trees as QLDB folds them: neighbours joined by dot, an odd last node moved up unchanged.

A tree that grows is kept as its peaks: the roots of the perfect subtrees it falls into, tallest
first, one for every bit set in the number of leaves. Appending a leaf and folding the peaks to
the root take O(log n) dots and no other node.
"""

from collections.abc import Sequence

from runtime.ledger.hashing import dot

Peaks = tuple[bytes, ...]


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves; empty for none, the leaf itself for one."""
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else b""


def append(peaks: Peaks, size: int, leaf: bytes) -> Peaks:
    """The peaks of `size` leaves after one more; ValueError when there are not so many leaves."""
    if len(peaks) != size.bit_count():
        raise ValueError(f"{size} leaves have {size.bit_count()} peaks, not {len(peaks)}")
    kept = len(peaks)
    while size & 1:
        kept -= 1
        leaf = dot(peaks[kept], leaf)
        size >>= 1
    return (*peaks[:kept], leaf)


def fold(peaks: Peaks) -> bytes:
    """The root over all leaves beneath the peaks; over block hashes, the ledger's digest."""
    folded = b""
    for peak in reversed(peaks):
        folded = dot(peak, folded)
    return folded


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings on the way from leaf `index` to the root, nearest first."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    siblings: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            siblings.append(level[sibling])
        level = _parents(level)
        index >>= 1
    return siblings


def follow(leaf: bytes, siblings: Sequence[bytes]) -> bytes:
    """The root that a leaf and the siblings on its way up lead to."""
    for sibling in siblings:
        leaf = dot(leaf, sibling)
    return leaf


def _parents(level: list[bytes]) -> list[bytes]:
    """The next level up."""
    parents = [dot(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) % 2:
        parents.append(level[-1])
    return parents
