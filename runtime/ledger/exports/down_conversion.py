"""Ion values as JSON by Ion's own rules of down-conversion.

null of any type, nan, infinities     null
integer, decimal, float               number, every digit kept
timestamp, string, symbol, clob       string
blob                                  string in base64
list, s-expression                    array
struct                                object, a repeated field repeated
annotations                           left out
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyNull

from runtime.ledger import ion
from runtime.ledger.ion import IonValue


def to_json(value: IonValue) -> str:
    """An IonPy object as JSON text on one line, ASCII alone."""
    return "null" if isinstance(value, IonPyNull) else _WRITERS[value.ion_type](value)


def _bool(value: Any) -> str:
    return "true" if value else "false"


def _int(value: Any) -> str:
    return str(int(value))


def _float(value: Any) -> str:
    return repr(float(value)) if isfinite(value) else "null"


def _decimal(value: Any) -> str:
    return str(Decimal(value))


def _timestamp(value: Any) -> str:
    annotated = ion.text(value)
    return _string(annotated.rpartition("::")[2])


def _symbol(value: Any) -> str:
    return "null" if value.text is None else _string(value.text)


def _string(value: Any) -> str:
    return json.dumps(str(value))


def _clob(value: Any) -> str:
    return json.dumps(bytes(value).decode("latin-1"))


def _blob(value: Any) -> str:
    return json.dumps(b64encode(bytes(value)).decode())


def _array(value: Iterable[Any]) -> str:
    return f"[{','.join(map(to_json, value))}]"


def _object(value: Any) -> str:
    return f"{{{','.join(f'{_string(name)}:{to_json(item)}' for name, item in value.items())}}}"


_WRITERS: Final[Mapping[IonType, Callable[[Any], str]]] = {
    IonType.BOOL: _bool,
    IonType.INT: _int,
    IonType.FLOAT: _float,
    IonType.DECIMAL: _decimal,
    IonType.TIMESTAMP: _timestamp,
    IonType.SYMBOL: _symbol,
    IonType.STRING: _string,
    IonType.CLOB: _clob,
    IonType.BLOB: _blob,
    IonType.LIST: _array,
    IonType.SEXP: _array,
    IonType.STRUCT: _object,
}
