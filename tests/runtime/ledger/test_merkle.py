"""Merkle roots, peaks and paths agree with the vectors and with one another."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import merkle
from runtime.ledger.hashing import dot
from tests.vectors import unbase64, vectors

VECTORS = vectors("merkle", "merkle_promote_odd")
LEAVES_MAX = 70


def leaves(count: int) -> list[bytes]:
    return [sha256(f"leaf-{i}".encode()).digest() for i in range(count)]


def peaks_of(hashes: list[bytes]) -> merkle.Peaks:
    peaks: merkle.Peaks = ()
    for size, leaf in enumerate(hashes):
        peaks = merkle.append(peaks, size, leaf)
    return peaks


@pytest.mark.parametrize(("count", "root"), VECTORS["roots"].items())
def test_root_vectors(count: str, root: str) -> None:
    hashes = leaves(int(count))
    assert merkle.root(hashes) == unbase64(root)
    assert merkle.fold(peaks_of(hashes)) == unbase64(root)


@pytest.mark.parametrize("vector", VECTORS["paths"])
def test_path_vectors(vector: dict) -> None:
    path = merkle.path(leaves(vector["n"]), vector["index"])
    assert path == [unbase64(sibling) for sibling in vector["path"]]


def test_nothing_has_an_empty_root() -> None:
    assert merkle.root([]) == merkle.fold(()) == b""


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=LEAVES_MAX))
def test_peaks_fold_to_the_root(hashes: list[bytes]) -> None:
    peaks = peaks_of(hashes)
    assert merkle.fold(peaks) == merkle.root(hashes)
    assert len(peaks) == len(hashes).bit_count()


@given(st.integers(1, LEAVES_MAX), st.data())
def test_every_path_leads_to_the_root(count: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, count - 1))
    hashes = leaves(count)
    path = merkle.path(hashes, index)
    assert merkle.follow(hashes[index], path) == merkle.root(hashes)
    assert len(path) <= (count - 1).bit_length()


@given(st.integers(2, LEAVES_MAX), st.data())
def test_a_forged_path_leads_elsewhere(count: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, count - 1))
    hashes = leaves(count)
    path = merkle.path(hashes, index)
    step = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = int.from_bytes(path[step], "big") ^ 1 << bit
    path[step] = flipped.to_bytes(32, "big")
    assert merkle.follow(hashes[index], path) != merkle.root(hashes)


def test_peaks_are_the_roots_of_perfect_subtrees() -> None:
    hashes = leaves(7)
    assert peaks_of(hashes) == (
        merkle.root(hashes[:4]),
        dot(hashes[4], hashes[5]),
        hashes[6],
    )


def test_peaks_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="3 leaves have 2 peaks, not 1"):
        merkle.append((bytes(32),), 3, bytes(32))


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_outside_the_tree_has_no_path(index: int) -> None:
    with pytest.raises(IndexError, match=f"leaf {index} of 3"):
        merkle.path(leaves(3), index)
