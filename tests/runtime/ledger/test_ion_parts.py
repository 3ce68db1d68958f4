"""Single values are written as the encoder writes them."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.ion_binary import VERSION_MARKER
from runtime.ledger.ion_parts import integer, moment, string, uint

FROM, TO = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001 - hypothesis adds the zone.


@given(st.datetimes(FROM, TO, timezones=st.just(UTC)))
@settings(deadline=None)
def test_times(at: datetime) -> None:
    assert VERSION_MARKER + moment(at) == ion.encode(ion.timestamp(at))


@given(st.integers(0, 1 << 70))
@settings(deadline=None)
def test_numbers(number: int) -> None:
    assert VERSION_MARKER + integer(number) == ion.encode(number)
    assert int("".join(f"{byte & 0x7F:07b}" for byte in uint(number)), 2) == number


@given(st.text(max_size=200))
@settings(deadline=None)
def test_texts(text: str) -> None:
    assert VERSION_MARKER + string(text) == ion.encode(text)
