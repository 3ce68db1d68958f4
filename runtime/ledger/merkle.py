"""Merkle trees as QLDB folds them: neighbours joined by dot, an odd last node moved up unchanged.

A tree that grows is kept as its peaks: the roots of the perfect subtrees it falls into, tallest
first, one for every bit set in the number of leaves. Appending a leaf and folding the peaks to
the root take O(log n) dots and no other node.
"""

from collections.abc import Mapping, Sequence

from runtime.ledger.hashing import dot

Peaks = tuple[bytes, ...]
Range = tuple[int, int]
"""The leaves from the first number on, up to the second one, which is not included."""


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


def is_upon(peaks: Peaks, size: int, leaf: bytes, before: Peaks) -> bool:
    """Whether peaks are what one more leaf makes of the peaks before, those of `size` leaves."""
    try:
        return append(before, size, leaf) == peaks
    except ValueError:
        return False


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


def path_ranges(index: int, size: int) -> list[Range]:
    """Which leaves each hash of `path` is the root of; IndexError when there is no such leaf."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    ranges: list[Range] = []
    width = 1
    while width < size:
        first = (index // width ^ 1) * width
        if first < size:
            ranges.append((first, min(first + width, size)))
        width *= 2
    return ranges


def peak_ranges(size: int) -> list[Range]:
    """The leaves beneath each peak of a tree."""
    ranges: list[Range] = []
    first = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            ranges.append((first, first + (1 << height)))
            first += 1 << height
    return ranges


def consistency_ranges(old_size: int, new_size: int) -> list[Range]:
    """The subtrees of which a consistency proof consists, in RFC 6962's order.

    With the first of them, or with the old root where `old_size` is a power of two, the others
    make both roots. ValueError unless 1 <= old_size <= new_size.
    """
    if not 1 <= old_size <= new_size:
        raise ValueError(f"no tree of {old_size} leaves grows to one of {new_size}")
    ranges: list[Range] = []
    first, end, is_prefix = 0, new_size, True
    while old_size < end:
        middle = first + _left_width(end - first)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first, is_prefix = middle, False
    return [*([] if is_prefix else [(first, end)]), *reversed(ranges)]


def root_over(roots: Mapping[Range, bytes], first: int, end: int) -> bytes:
    """The root over a range of leaves from the roots of the subtrees that it consists of."""
    found = roots.get((first, end))
    if found is not None or end - first <= 1:
        return found or b""
    middle = first + _left_width(end - first)
    return dot(root_over(roots, first, middle), root_over(roots, middle, end))


def _left_width(size: int) -> int:
    """How many of a tree's leaves, two at least, its left half has."""
    return 1 << (size - 1).bit_length() - 1


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
