"""The three formats of an export: how blocks and manifests become bytes, and bytes blocks again.

QLDB names neither the suffix of Ion binary nor the content types; these are our choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.ledger import ion
from runtime.ledger.exports.down_conversion import to_json
from runtime.ledger.exports.errors import FormatError
from runtime.ledger.ion import IonValue

ION_TEXT: Final = "ION_TEXT"
ION_BINARY: Final = "ION_BINARY"
JSON: Final = "JSON"


@dataclass(frozen=True, slots=True)
class Format:
    """One format of objects; a data object is its blocks' bytes one behind the other."""

    name: str
    suffix: str
    """Of the keys of data objects."""
    content_type: str
    encode: Callable[[IonValue], bytes]
    """One block or manifest, an IonPy object, as bytes that others can follow."""


def _ion_text(value: IonValue) -> bytes:
    return f"{ion.text(value)}\n".encode()


def _json_line(value: IonValue) -> bytes:
    return f"{to_json(value)}\n".encode()


FORMATS: Final[Mapping[str, Format]] = {
    ION_TEXT: Format(ION_TEXT, "ion", "text/plain; charset=utf-8", _ion_text),
    ION_BINARY: Format(ION_BINARY, "ion", "application/ion", ion.encode_sound),
    JSON: Format(JSON, "json", "application/json", _json_line),
}


def format_named(name: str | None) -> Format:
    """The format that a request names, Ion text when it names none; FormatError for another."""
    found = FORMATS.get(ION_TEXT if name is None else name)
    if found is None:
        raise FormatError(f"there is no output format {name}: use {', '.join(FORMATS)}")
    return found
