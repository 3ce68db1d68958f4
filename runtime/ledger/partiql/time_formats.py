"""Timestamps written and read by patterns such as `MMMM d, yyyy h:mm a`."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from amazon.ion.core import TimestampPrecision

pattern_characters_max = 256

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_SYMBOL = re.compile(r"'(?:[^']|'')*'|([yMdaHhmsSnXx])\1*|[^A-Za-z']")


def written(when: Any, pattern: str) -> str:
    """The timestamp in the form of a pattern; ValueError for a pattern that is none."""
    return "".join(_write(when, symbol) for symbol in _symbols(pattern))


def read(text: str, pattern: str) -> tuple[datetime, TimestampPrecision, Decimal]:
    """The moment, precision and fraction of a second of a text in the form of a pattern."""
    symbols = _symbols(pattern)
    expression = "".join(_expression(number, symbol) for number, symbol in enumerate(symbols))
    found = re.fullmatch(expression, text, re.IGNORECASE | re.ASCII)
    if found is None:
        raise ValueError(f"{text[:40]!r} has not the form {pattern!r}")
    parts: dict[str, Any] = {}
    for number, symbol in enumerate(symbols):
        if symbol[0] in _READERS:
            _READERS[symbol[0]](parts, symbol, found[f"part{number}"])
    return _moment(parts)


def _symbols(pattern: str) -> list[str]:
    if len(pattern) > pattern_characters_max:
        raise ValueError(f"a pattern has at most {pattern_characters_max} characters")
    symbols: list[str] = []
    at = 0
    while at < len(pattern):
        found = _SYMBOL.match(pattern, at)
        if found is None:
            raise ValueError(f"{pattern[at]!r} means nothing in the pattern {pattern!r}")
        symbols.append(found.group())
        at = found.end()
    return symbols


def _write(when: Any, symbol: str) -> str:
    letter, width = symbol[0], len(symbol)
    match letter:
        case "y":
            return f"{when.year % 100:02d}" if width == 2 else f"{when.year:0{width}d}"
        case "M":
            return _month(when.month, width)
        case "a":
            return "AM" if when.hour < 12 else "PM"
        case "h":
            return f"{(when.hour - 1) % 12 + 1:0{width}d}"
        case "d" | "H" | "m" | "s":
            number = {"d": when.day, "H": when.hour, "m": when.minute, "s": when.second}[letter]
            return f"{number:0{width}d}"
        case "S" | "n":
            return _fraction(when, letter, width)
        case "X" | "x":
            return _offset(when.utcoffset() or timedelta(), symbol)
        case _:
            return _literal(symbol)


def _month(month: int, width: int) -> str:
    name = MONTHS[month - 1]
    return {3: name[:3], 4: name, 5: name[0]}.get(width, f"{month:0{width}d}")


def _fraction(when: Any, letter: str, width: int) -> str:
    fraction = Decimal(when.fractional_seconds or 0)
    places = width if letter == "S" else 9
    digits = str(int(fraction.scaleb(places)))
    return digits.rjust(places, "0") if letter == "S" else digits.rjust(width, "0")


def _offset(offset: timedelta, symbol: str) -> str:
    minutes = (offset.days * 86_400 + offset.seconds) // 60
    if minutes == 0 and symbol[0] == "X":
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    if len(symbol) == 1 and rest == 0:
        return f"{sign}{hours:02d}"
    colon = ":" if len(symbol) in (3, 5) else ""
    return f"{sign}{hours:02d}{colon}{rest:02d}"


def _literal(symbol: str) -> str:
    if symbol[0] != "'":
        return symbol
    return symbol[1:-1].replace("''", "'") or "'"


def _expression(number: int, symbol: str) -> str:
    letter, width = symbol[0], len(symbol)
    if letter not in _READERS:
        return re.escape(_literal(symbol))
    if letter == "M" and width >= 3:
        if width == 5:
            raise ValueError("MMMMM names no single month to read")
        names = (name[:3] if width == 3 else name for name in MONTHS)
        form = "|".join(names)
    elif letter == "a":
        form = "AM|PM"
    elif letter in "Xx":
        form = r"Z|[+-]\d\d(?::?\d\d)?"
    elif letter == "y":
        form = {1: r"\d{1,4}", 2: r"\d\d"}.get(width, r"\d{4}")
    elif letter in "Sn":
        form = rf"\d{{{width}}}" if letter == "S" else r"\d{1,9}"
    else:
        form = r"\d{1,2}" if width == 1 else r"\d\d"
    return f"(?P<part{number}>{form})"


def _read_year(parts: dict[str, Any], symbol: str, text: str) -> None:
    year = int(text)
    parts["year"] = year + (2000 if year < 70 else 1900) if len(symbol) == 2 else year


def _read_month(parts: dict[str, Any], symbol: str, text: str) -> None:
    if len(symbol) < 3:
        parts["month"] = int(text)
    else:
        parts["month"] = [name[:3].lower() for name in MONTHS].index(text[:3].lower()) + 1


def _read_fraction(parts: dict[str, Any], symbol: str, text: str) -> None:
    places = len(text) if symbol[0] == "S" else 9
    parts["fraction"] = Decimal(int(text)).scaleb(-places)


def _read_offset(parts: dict[str, Any], _symbol: str, text: str) -> None:
    if text in "Zz":
        parts["offset"] = timedelta()
        return
    minutes = int(text[1:3]) * 60 + int(text[-2:] if len(text) > 3 else 0)
    parts["offset"] = timedelta(minutes=-minutes if text[0] == "-" else minutes)


def _reader(name: str) -> Callable[[dict[str, Any], str, str], None]:
    def read_number(parts: dict[str, Any], _symbol: str, text: str) -> None:
        parts[name] = int(text)

    return read_number


def _read_half(parts: dict[str, Any], _symbol: str, text: str) -> None:
    parts["afternoon"] = text.upper() == "PM"


_READERS: Mapping[str, Callable[[dict[str, Any], str, str], None]] = {
    "y": _read_year,
    "M": _read_month,
    "d": _reader("day"),
    "H": _reader("hour"),
    "h": _reader("hour"),
    "m": _reader("minute"),
    "s": _reader("second"),
    "S": _read_fraction,
    "n": _read_fraction,
    "a": _read_half,
    "X": _read_offset,
    "x": _read_offset,
}


def _moment(parts: dict[str, Any]) -> tuple[datetime, TimestampPrecision, Decimal]:
    if "year" not in parts:
        raise ValueError("a timestamp has at least a year")
    hour = parts.get("hour", 0)
    if "afternoon" in parts:
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} is no hour before or after noon")
        hour = hour % 12 + (12 if parts["afternoon"] else 0)
    moment = datetime(
        parts["year"],
        parts.get("month", 1),
        parts.get("day", 1),
        hour,
        parts.get("minute", 0),
        parts.get("second", 0),
        tzinfo=timezone(parts["offset"]) if "offset" in parts else None,
    )
    return moment, _precision(parts), parts.get("fraction", Decimal(0))


def _precision(parts: dict[str, Any]) -> TimestampPrecision:
    if "second" in parts or "fraction" in parts:
        return TimestampPrecision.SECOND
    if "hour" in parts:
        return TimestampPrecision.MINUTE
    if "day" in parts:
        return TimestampPrecision.DAY
    return TimestampPrecision.MONTH if "month" in parts else TimestampPrecision.YEAR
