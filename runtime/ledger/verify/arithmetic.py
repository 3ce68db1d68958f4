"""What QLDB published of its hashes above Ion: dot, Merkle roots, lengths of paths."""

from array import array
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32


def dot(a: bytes, b: bytes) -> bytes:
    """SHA-256 of two hashes joined, the one that is less as signed bytes from the end first.

    Where one of them is empty, it is the other.
    """
    if not a or not b:
        return a or b
    if a[-1] != b[-1]:
        a_first = (a[-1] ^ 0x80) < (b[-1] ^ 0x80)
    else:
        a_first = array("b", a)[::-1].tolist() < array("b", b)[::-1].tolist()
    return sha256(a + b if a_first else b + a).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle root: of the left half of a perfect tree and of the rest, joined."""
    size = len(leaves)
    if size <= 1:
        return leaves[0] if leaves else b""
    if size == 2:
        return dot(leaves[0], leaves[1])
    left = left_size(size)
    return dot(root(leaves[:left]), root(leaves[left:]))


def left_size(size: int) -> int:
    """How many of two or more leaves are in the left half."""
    return 1 << (size - 1).bit_length() - 1


def path_length(index: int, size: int) -> int:
    """How many siblings lead from leaf `index` to the root of a tree with `size` leaves."""
    length = 0
    while size > 1:
        left = left_size(size)
        index, size = (index, left) if index < left else (index - left, size - left)
        length += 1
    return length


def follow(leaf: bytes, siblings: Iterable[bytes]) -> bytes:
    """The root that a leaf and the siblings on its way up lead to; none of them is empty."""
    for sibling in siblings:
        last, other = leaf[-1], sibling[-1]
        if last == other:
            leaf = dot(leaf, sibling)
        elif last ^ 0x80 < other ^ 0x80:
            leaf = sha256(leaf + sibling).digest()
        else:
            leaf = sha256(sibling + leaf).digest()
    return leaf


Piece = tuple[int, int, bytes]
"""A perfect subtree over blocks: the first of them, which is a multiple of their number; its
height, for it has 2 ** height blocks; and its root."""


class Pieces:
    """The subtrees over the blocks of a range, as few as there can be."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        """Begin with those of the blocks before, if they are known."""
        self.pieces = list(pieces)

    def push(self, piece: Piece) -> None:
        """Add the next blocks."""
        pieces = self.pieces
        _, height, own = piece
        while pieces and pieces[-1][1] == height:
            first, _, before = pieces[-1]
            if first >> height & 1:
                break
            pieces.pop()
            height += 1
            own = dot(before, own)
            piece = (first, height, own)
        pieces.append(piece)

    def digest(self) -> bytes:
        """The Merkle root; of the whole journal when the first block is among them."""
        folded = b""
        for _, _, own in reversed(self.pieces):
            folded = dot(own, folded)
        return folded
