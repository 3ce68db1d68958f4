"""Values read from their bytes: how deep, and with which symbols."""

from hashlib import sha256

import pytest

from runtime.ledger import ion
from runtime.ledger.ion import reference_hash
from runtime.ledger.verify.scan import DEPTH_MAX, Scan
from runtime.ledger.verify.symbols import SYSTEM, DoubtError
from runtime.ledger.verify.written import LIST, MARKER, opening


def nested(depth: int) -> bytes:
    """Lists within lists."""
    value = b""
    for _ in range(depth):
        value = opening(LIST, len(value)) + value
    return MARKER + value


def test_values_are_as_deep_as_can_be_stored() -> None:
    deepest = nested(DEPTH_MAX)
    part, end = Scan.without_symbols(deepest).serialized(len(MARKER))
    assert end == len(deepest)
    assert part == b"\x0b\xb0" * DEPTH_MAX + b"\x0e" * DEPTH_MAX
    with pytest.raises(DoubtError):
        Scan.without_symbols(nested(DEPTH_MAX + 1)).serialized(len(MARKER))
    with pytest.raises(DoubtError):
        Scan.without_symbols(deepest).serialized(len(MARKER), 1)


def test_symbols_are_used_in_order() -> None:
    scan = Scan(ion.encode(ion.parse("{a:1,b:2,c:3}")))
    first = len(SYSTEM)
    scan.use(first, 4, first, first + 1)
    with pytest.raises(DoubtError):
        scan.check_all_used()
    scan.use(first + 2)
    scan.check_all_used()


@pytest.mark.parametrize(
    "text",
    [
        "{f:sym}",
        "{f:an::sym}",
        "{sym:sym}",
        "{f:an::f}",
        "{f:an::bn::{g:1}}",
        "{f:[a::x,y::[z::w]]}",
        "{f:(p q p)}",
        "{f:null.symbol,g:a::null.symbol}",
    ],
)
def test_symbols_have_the_order_in_which_the_encoder_uses_them(text: str) -> None:
    value = ion.parse(text)
    scan = Scan(ion.encode(value))
    part, _ = scan.serialized(scan.start)
    scan.check_all_used()
    assert sha256(part).digest() == reference_hash(value)
