"""What fuzz tests share: how much they try, and damage as it comes."""

import os
import random

from hypothesis import HealthCheck, settings

from runtime.ledger.ion_binary import VERSION_MARKER

OFTEN = (b"\xe0", b"\x8e\xff", b"\x00", b"\xde", b"\x6f", VERSION_MARKER)
"""Bytes that mean something to readers of Ion."""


def effort(examples: int) -> settings:
    """Settings that try so many examples, or as many as FUZZ_EXAMPLES asks for."""
    return settings(
        max_examples=int(os.environ.get("FUZZ_EXAMPLES", examples)),
        deadline=None,
        suppress_health_check=[
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )


def changed(data: bytes, seed: int, changes: int) -> bytes:
    """The bytes with some flipped, doubled, dropped, or set to what they often are."""
    chance = random.Random(seed)
    mutated = bytearray(data)
    for _ in range(changes):
        at = chance.randrange(len(mutated)) if mutated else 0
        match chance.randrange(4):
            case 0:
                mutated[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                mutated[at:at] = mutated[at : at + chance.randrange(8)]
            case 2:
                del mutated[at : at + chance.randrange(1, 4)]
            case _:
                mutated[at : at + 1] = chance.choice(OFTEN)
    return bytes(mutated)
