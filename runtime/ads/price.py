"""Prices: exact decimals that keep the scale they were written with."""

from decimal import Decimal

PRICE_LIMIT = Decimal(10) ** 18
"""Every price is below."""
PRICE_DECIMALS_MAX = 8


def price(value: Decimal) -> Decimal:
    """The value itself when it is a price; ValueError otherwise. Minus zero becomes zero."""
    if not value.is_finite():
        raise ValueError("must be a finite number")
    if value < 0:
        raise ValueError("must not be negative")
    exponent = int(value.as_tuple().exponent)
    if value >= PRICE_LIMIT or exponent >= PRICE_LIMIT.adjusted():
        raise ValueError(f"must be less than {PRICE_LIMIT:f}")
    if -exponent > PRICE_DECIMALS_MAX:
        raise ValueError(f"must have at most {PRICE_DECIMALS_MAX} decimals")
    return value.copy_abs()
