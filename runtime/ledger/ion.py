"""Ion values as bytes, text and Python objects, with every distinction of the data model kept.

Import this module before `pyqldb`. `ionhash` 1.2.1, which pyqldb needs, was written for an older
`amazon.ion` and looks for a class that is no longer there; it is put back before ionhash is
imported, and the `ion_hash` method that pyqldb calls is given to every value class.

What amazon.ion 0.15 would write wrongly, or die of, is refused: see `ion_bounds`.
"""

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from math import isnan
from typing import Any, Final

from amazon.ion import simple_types, simpleion
from amazon.ion.core import Timestamp, TimestampPrecision
from amazon.ion.exceptions import IonException
from amazon.ion.simple_types import (
    IonPyBool,
    IonPyBytes,
    IonPyDecimal,
    IonPyDict,
    IonPyFloat,
    IonPyInt,
    IonPyList,
    IonPyNull,
    IonPyStdDict,
    IonPySymbol,
    IonPyText,
    IonPyTimestamp,
)
from amazon.ion.simpleion import IonPyValueModel

from runtime.ledger.errors import IonError
from runtime.ledger.ion_binary import VERSION_MARKER, value_hash
from runtime.ledger.ion_bounds import DEPTH_MAX, check_value
from runtime.ledger.ion_form import sound_stream
from runtime.ledger.ion_text import check_numbers, sound_text

if not simpleion.c_ext:
    raise ImportError(
        "amazon.ion runs without its C extension, 20 times slower: install a wheel of amazon.ion "
        "for this platform"
    )
if not hasattr(simple_types, "_IonNature"):
    simple_types._IonNature = type("_IonNature", (), {})  # pyright: ignore[reportPrivateUsage]

with warnings.catch_warnings():
    # ionhash 1.2.1 subclasses what amazon.ion 0.15 has declared internal; both are pinned.
    warnings.simplefilter("ignore", DeprecationWarning)
    import ionhash

IonValue = Any
"""A value of amazon.ion.simple_types, or a plain Python value that has one Ion type."""

TEXT_BYTES_MAX: Final = 1 << 24
"""Longest string or symbol read, in bytes; amazon.ion's own limit is 4096."""

_VALUE_CLASSES: Final = (
    IonPyBool,
    IonPyBytes,
    IonPyDecimal,
    IonPyDict,
    IonPyFloat,
    IonPyInt,
    IonPyList,
    IonPyNull,
    IonPyStdDict,
    IonPySymbol,
    IonPyText,
    IonPyTimestamp,
)
_write: Final[Callable[[Any, bool, bool, bool], bytes]] = getattr(simpleion, "ionc").ionc_write  # noqa: B009
"""What simpleion.dumps comes to, without the third of its time that it takes to get there."""
_WRITE_ERRORS: Final = (IonException, TypeError, ValueError, OverflowError, SystemError)
_ENDED: Final = "EOF"
"""In the names of the reader's errors for a value that does not end."""
READ_ERRORS: Final = (IonException, ValueError, OverflowError, SystemError, MemoryError, TypeError)


def encode(value: IonValue, depth_max: int = DEPTH_MAX) -> bytes:
    """The value as a stream of canonical Ion binary; IonError when it would not come back."""
    check_value(value, depth_max)
    return encode_sound(value)


def encode_sound(value: IonValue) -> bytes:
    """As encode, for values made of such as have been encoded or decoded before: unchecked."""
    try:
        return _write(value, True, False, False)  # Binary, no stream, no s-expressions.
    except (*_WRITE_ERRORS, RecursionError) as error:
        raise IonError(f"a {type(value).__name__} cannot be written as Ion: {error}") from error


def decode(data: bytes) -> IonValue:
    """The one value of a binary stream, every part an IonPy object; IonError when it is not one.

    Bytes that a stranger sent or that may be damaged have to pass `ion_form.check_form` before.
    """
    return _load(_binary(data), IonPyValueModel.ION_PY)


def decode_bare(data: bytes) -> IonValue:
    """As decode, twice as fast: plain Python values wherever nothing is lost by it.

    Annotated values, symbols, typed nulls and structs stay amazon.ion objects.
    """
    return _load(_binary(data), IonPyValueModel.MAY_BE_BARE)


def parse(source: str) -> IonValue:
    """The one value of Ion text; IonError when it is not one."""
    check_numbers(source)
    value = _load(source, IonPyValueModel.ION_PY)
    check_value(value)
    return _with_plain_nan(value) if "nan" in source else value


def stream(data: bytes) -> Iterator[IonValue]:
    """Every value of a stream, binary or UTF-8 text, as it is read; IonError where it is not Ion.

    The bytes may be damaged: what comes before the damage is read first, and may be in use when
    the error is raised.
    """
    has_nan, fault = False, None
    if data[:4] == VERSION_MARKER:
        end, fault = sound_stream(data)
        data = data[:end]
    else:
        source, fault = sound_text(data)
        has_nan = "nan" in source
        data = data if fault is None else source.encode()
    try:
        for value in simpleion.load(
            BytesIO(data),
            single_value=False,
            parse_eagerly=False,
            text_buffer_size_limit=TEXT_BYTES_MAX,
            value_model=IonPyValueModel.ION_PY,
        ):
            check_value(value)
            yield _with_plain_nan(value) if has_nan else value
    except READ_ERRORS as error:
        if fault is not None and _ENDED in str(error):
            raise fault from error
        raise IonError(f"not Ion: {error}") from error
    if fault is not None:
        raise fault


def text(value: IonValue) -> str:
    """The value as compact Ion text, without a version marker; IonError as `encode`."""
    check_value(value)
    try:
        return simpleion.dumps(value, binary=False, omit_version_marker=True)
    except _WRITE_ERRORS as error:
        raise IonError(f"a {type(value).__name__} cannot be written as Ion: {error}") from error


def timestamp(moment: datetime) -> Timestamp:
    """A moment, given with its time zone, as the ledger writes times: milliseconds, UTC."""
    moment = moment.astimezone(UTC)
    return Timestamp(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond // 1000 * 1000,
        UTC,
        precision=TimestampPrecision.SECOND,
        fractional_precision=3,
    )


def reference_hash(value: IonValue) -> bytes:
    """The Ion hash of an IonPy object by ionhash, the reference implementation: 32 bytes."""
    return ionhash.ion_hash(value, "SHA256")


def _binary(data: bytes) -> bytes:
    """The bytes, unless the reader would take them for Ion text."""
    if data[:4] != VERSION_MARKER:
        raise IonError("Ion binary begins with its version marker; these bytes do not")
    return data


def _load(source: bytes | str, model: IonPyValueModel) -> IonValue:
    try:
        values = simpleion.loads(
            source,
            single_value=False,
            text_buffer_size_limit=TEXT_BYTES_MAX,
            value_model=model,
        )
    except READ_ERRORS as error:
        raise IonError(f"not Ion: {error}") from error
    if len(values) != 1:
        raise IonError(f"one Ion value is expected, {len(values)} were found")
    return values[0]


def _with_plain_nan(value: IonValue) -> IonValue:
    """The value with every nan in the one bit pattern that hashes are made from.

    The text reader leaves arbitrary bits in a nan.
    """
    if isinstance(value, IonPyDict):
        plain = IonPyDict()
        for name, member in value.iteritems():
            plain.add_item(name, _with_plain_nan(member))
    elif isinstance(value, IonPyList):
        plain = IonPyList([_with_plain_nan(member) for member in value])
        plain.ion_type = value.ion_type
    elif isinstance(value, IonPyFloat) and isnan(value):
        plain = IonPyFloat("nan")
    else:
        return value
    plain.ion_annotations = value.ion_annotations
    return plain


def _ion_hash(
    self: IonValue, algorithm: str | None = None, hash_function_provider: Any = None
) -> bytes:
    """ionhash's method, quicker for the one algorithm that QLDB uses."""
    if algorithm in ("SHA256", "sha256") and hash_function_provider is None:
        return value_hash(encode(self))
    return ionhash.ion_hash(self, algorithm, hash_function_provider)


for _value_class in _VALUE_CLASSES:
    _value_class.ion_hash = _ion_hash
