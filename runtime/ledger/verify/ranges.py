"""Where the verification of a part of a journal begins and ends."""

from runtime.ledger.errors import RangeError
from runtime.ledger.verify.place import Place, missing
from runtime.ledger.verify.sources import Source


def upon_block_before(source: Source, first: int, end: int | None = None) -> Place:
    """Where block `first` stands if the block before it is as the source has it.

    That one is held to its own hashes alone; VerificationError when it is not what they say,
    RangeError where blocks first..end - 1 cannot be verified upon it: see check_range.
    """
    begin, there = source.span()
    if begin == first < there:
        raise RangeError(
            f"the first block is {first}, so that it is not known what it follows: give the hash"
            f" of block {first - 1} as --previous-hash"
        )
    check_range((begin, there), first, end)
    if first > there:
        raise missing(first, there - 1)
    for block in source.blocks(first - 1, first):
        before = Place(first - 1, source.claimed_previous(block))
        found = source.check(block, before)
        return Place(first, found.block_hash, found.strand_id, found.is_ours)
    raise missing(first - 1)


def check_range(span: tuple[int, int], first: int, end: int | None = None) -> None:
    """RangeError unless blocks first..end - 1 can be verified, with a span as a source tells it.

    Without an end there has to be a block `first`; with one, blocks that are missing at the end
    are for the verification to find.
    """
    begin, newest = span[0], span[1] - 1
    if end is not None and end <= first:
        raise RangeError(f"there is no block from {first} to {end - 1}")
    if newest < begin:
        raise RangeError("there is no block yet, so there is nothing to verify")
    if first < begin:
        raise RangeError(
            f"the first block is {begin}, not {first}: verify from there on, with --first {begin}"
            f" and the hash of block {begin - 1} as --previous-hash"
        )
    if end is None and first > newest:
        raise RangeError(f"there is no block {first}: the newest is {newest}")
