"""Verifies a journal, or a range of it, in several processes.

Each takes pieces of some blocks, whose first one is believed to follow what it says it follows; as
the pieces come back, the first block of each is held to the last one of the piece before.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from typing import Final

from runtime.ledger.errors import VerificationError
from runtime.ledger.verify.arithmetic import Piece, Pieces
from runtime.ledger.verify.chain import Chain, Verified, check_digest
from runtime.ledger.verify.kept import KeptDigest
from runtime.ledger.verify.place import Place, missing
from runtime.ledger.verify.ranges import check_range
from runtime.ledger.verify.sources import Source

CHUNK_BLOCKS: Final = 1024
"""Verified at a time; a power of two, so that the hashes above them are made in parallel, too."""
PROCESSES_MAX: Final = 64

Progress = Callable[[int, int], None]
"""Told how many blocks are verified, of how many."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one process found in some blocks."""

    begin: Place
    """Where the first one stands, if it is right about what it follows."""
    end: Place
    pieces: tuple[Piece, ...]
    blocks: int
    revisions: int
    begins_ours: bool = True
    """Whether this ledger sealed the first one."""
    fault: tuple[str, int, int | None] | None = None
    """What a VerificationError is made of."""
    hashes: tuple[bytes, ...] = ()
    """Of each block, where they are asked for."""


def verify(
    source: Source,
    begin: Place | None = None,
    end: int | None = None,
    digest: bytes | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    chunk_blocks: int = CHUNK_BLOCKS,
    kept: KeptDigest | None = None,
) -> Verified:
    """Verify blocks from a place on; VerificationError names the first that is wrong, and why.

    Without a place, from block 0. `end` is the number after the last block's, else all are
    verified; `digest` one that was saved of blocks 0..end - 1; `kept` is given the hash of each.
    Raises StorageError when blocks cannot be read, RangeError when there are none such.
    """
    place = Place() if begin is None else begin
    span = source.span()
    if begin is not None or end is not None or span[0]:
        check_range(span, place.sequence_no, end)
    end = span[1] if end is None else end
    pieces, blocks, revisions = Pieces(), 0, 0
    processes = processes or os.cpu_count() or 1
    asked = _Asked(source, kept is not None)
    there = min(end, span[1])
    for chunk in _chunks(asked, place.sequence_no, there, processes, chunk_blocks):
        _check_joint(chunk, place)
        for piece in chunk.pieces:
            pieces.push(piece)
        if kept is not None:
            kept.add(chunk.hashes)
        blocks += chunk.blocks
        revisions += chunk.revisions
        if progress is not None:
            progress(blocks, end - (begin.sequence_no if begin else 0))
        if chunk.fault is not None:
            raise VerificationError(*chunk.fault)
        place = chunk.end
    if place.sequence_no != end:
        raise missing(place.sequence_no, span[1] - 1)
    verified = Verified(pieces.digest(), place.strand_id, blocks, revisions)
    check_digest(verified, digest)
    return verified


def _check_joint(chunk: Chunk, place: Place) -> None:
    """The first block of a chunk follows the last one of the chunk before."""
    if not chunk.blocks:
        return
    number = place.sequence_no
    if chunk.begin.previous_hash != place.previous_hash:
        raise VerificationError(
            "its previousBlockHash is not the hash of the block before it", number
        )
    if place.strand_id not in ("", chunk.end.strand_id):
        raise VerificationError(
            f"its strandId is {chunk.end.strand_id}, the journal's is {place.strand_id}", number
        )
    if place.is_ours and not chunk.begins_ours:
        raise VerificationError("it is not sealed as the block before it, by this ledger", number)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What each process is told of the journal."""

    source: Source
    with_hashes: bool


def _chunks(
    asked: _Asked, first: int, end: int, processes: int, chunk_blocks: int
) -> Iterator[Chunk]:
    """The chunks in order; their borders are multiples of their size."""
    borders = [first, *range((first // chunk_blocks + 1) * chunk_blocks, end, chunk_blocks), end]
    starts, ends = borders[:-1], borders[1:]
    processes = min(processes, len(starts), PROCESSES_MAX)
    if end <= first:
        return
    if processes <= 1:
        yield from map(_chunk, repeat(asked), starts, ends)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_chunk, repeat(asked), starts, ends)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _chunk(asked: _Asked, first: int, end: int) -> Chunk:
    """Verify some blocks; a fault is told, not raised, so that it finds its way back."""
    source, chain = asked.source, None
    hashes: list[bytes] = []
    begin = Place(first)
    fault: tuple[str, int, int | None] | None = None
    begins_ours = True
    try:
        for block in source.blocks(first, end):
            if chain is None:
                begin = Place(first, source.claimed_previous(block) if first else b"")
                chain = Chain(source.check, begin)
            chain.add(block)
            if chain.blocks == 1:
                begins_ours = chain.place.is_ours
            if asked.with_hashes:
                hashes.append(chain.place.previous_hash)
    except VerificationError as error:
        fault = (error.reason, error.sequence_no, error.revision)
    if chain is None:
        return Chunk(begin, begin, (), 0, 0, fault=fault)
    pieces = tuple(chain.pieces.pieces)
    counts = (chain.blocks, chain.revisions)
    return Chunk(begin, chain.place, pieces, *counts, begins_ours, fault, tuple(hashes))
