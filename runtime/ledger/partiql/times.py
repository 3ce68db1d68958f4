"""Functions of timestamps: their arguments are Ion values, ValueError for what they cannot take."""

from calendar import monthrange
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from amazon.ion.core import IonType, Timestamp, TimestampPrecision
from amazon.ion.simple_types import IonPyInt, IonPyNull, IonPyText, IonPyTimestamp

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.partiql import time_formats
from runtime.ledger.partiql.comparisons import family, instant
from runtime.ledger.partiql.texts import integer, text
from runtime.ledger.partiql.values import string

PARTS = (
    "YEAR",
    "MONTH",
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "TIMEZONE_HOUR",
    "TIMEZONE_MINUTE",
)

_PRECISIONS = {
    "YEAR": TimestampPrecision.YEAR,
    "MONTH": TimestampPrecision.MONTH,
    "DAY": TimestampPrecision.DAY,
    "HOUR": TimestampPrecision.MINUTE,
    "MINUTE": TimestampPrecision.MINUTE,
    "SECOND": TimestampPrecision.SECOND,
}
_SECONDS = {"DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}
_TIMESTAMP_CHARACTERS_MAX = 128


def timestamp_ms(moment: datetime) -> IonPyTimestamp:
    """A moment as an Ion timestamp with milliseconds."""
    fraction = Decimal(moment.microsecond // 1_000).scaleb(-3)
    return _timestamp(moment.replace(microsecond=0), TimestampPrecision.SECOND, fraction)


def date_add(part: str, quantity: Any, value: Any) -> IonPyTimestamp:
    """The timestamp so many years … seconds later; at least as precise as the part added."""
    when, count = _moment(value), integer(quantity)
    precision = max(_precision(value), _precision_of(part))
    whole = datetime(*when.timetuple()[:6], tzinfo=when.tzinfo)
    if part in _SECONDS:
        moved = whole + timedelta(seconds=count * _SECONDS[part])
    else:
        months = whole.year * 12 + whole.month - 1 + count * (12 if part == "YEAR" else 1)
        year, month = divmod(months, 12)
        if not 1 <= year <= 9_999:
            raise ValueError(f"year {year} is out of bounds")
        day = min(whole.day, monthrange(year, month + 1)[1])
        moved = whole.replace(year=year, month=month + 1, day=day)
    return _timestamp(moved, precision, value.fractional_seconds or Decimal(0))


def date_diff(part: str, start: Any, end: Any) -> IonPyInt:
    """How many whole years … seconds lie between; negative when the end is before the start."""
    _precision_of(part)
    first, last = instant(_moment(start)), instant(_moment(end))
    if part in _SECONDS:
        difference = (last[0] - first[0]) + (last[1] - first[1])
        return IonPyInt(int(difference / _SECONDS[part]))
    sign = 1 if first <= last else -1
    early, late = (first, last) if sign > 0 else (last, first)
    months = _months(early, late)
    return IonPyInt(sign * (months // 12 if part == "YEAR" else months))


def extract(part: str, value: Any) -> IonPyInt:
    """A part of a timestamp as an int; of an unknown offset 0."""
    when = _moment(value)
    if part.startswith("TIMEZONE"):
        offset = when.utcoffset() or timedelta()
        minutes = (offset.days * 86_400 + offset.seconds) // 60
        hours, rest = divmod(abs(minutes), 60)
        found = hours if part == "TIMEZONE_HOUR" else rest
        return IonPyInt(found if minutes >= 0 else -found)
    return IonPyInt(getattr(when, part.lower()))


def to_string(value: Any, pattern: Any) -> IonPyText:
    """The timestamp written by a pattern such as `yyyy-MM-dd`."""
    return string(time_formats.written(_moment(value), text(pattern)))


def to_timestamp(value: Any, pattern: Any = None) -> IonPyTimestamp:
    """The timestamp of an Ion timestamp's text, or of a text written by a pattern."""
    if pattern is not None:
        moment, precision, fraction = time_formats.read(text(value), text(pattern))
        return _timestamp(moment, precision, fraction)
    return parsed(text(value))


def parsed(written: str) -> IonPyTimestamp:
    """The timestamp of an Ion timestamp's text."""
    found = None
    if len(written) <= _TIMESTAMP_CHARACTERS_MAX and written.isascii() and written[:4].isdigit():
        try:
            found = ion.parse(written)
        except IonError:
            found = None
    if not isinstance(found, IonPyTimestamp) or found.ion_annotations:
        raise ValueError(f"{written[:40]!r} is no timestamp")
    return found


def _months(early: tuple[int, Decimal], late: tuple[int, Decimal]) -> int:
    start, end = _date(early[0]), _date(late[0])
    months = (end.year - start.year) * 12 + end.month - start.month
    since_start = (start.day, early[0] % 86_400, early[1])
    since_end = (end.day, late[0] % 86_400, late[1])
    return months - (since_end < since_start)


def _date(seconds: int) -> datetime:
    return datetime.fromordinal(seconds // 86_400)


def _moment(value: Any) -> Any:
    if getattr(value, "ion_type", None) is not IonType.TIMESTAMP or isinstance(value, IonPyNull):
        raise ValueError(f"a timestamp is needed, not a {family(value)}")
    return value


def _precision(value: Any) -> TimestampPrecision:
    return TimestampPrecision.SECOND if value.precision is None else value.precision


def _precision_of(part: str) -> TimestampPrecision:
    if part not in _PRECISIONS:
        raise ValueError(f"{part} can be extracted only")
    return _PRECISIONS[part]


def _timestamp(
    moment: datetime, precision: TimestampPrecision, fraction: Decimal
) -> IonPyTimestamp:
    made = Timestamp(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        None,
        moment.tzinfo,
        precision=precision,
        fractional_seconds=fraction,
    )
    return IonPyTimestamp.from_value(IonType.TIMESTAMP, made)
