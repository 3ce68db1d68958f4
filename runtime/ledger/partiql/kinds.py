"""The types that IS and CAST name."""

from collections.abc import Callable
from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyNull

from runtime.ledger.partiql.compiler import Compiler
from runtime.ledger.partiql.terms import Kind
from runtime.ledger.partiql.values import MISSING, Bag, is_unknown

KINDS: dict[str, IonType] = {
    "BOOL": IonType.BOOL,
    "BOOLEAN": IonType.BOOL,
    "SMALLINT": IonType.INT,
    "INTEGER": IonType.INT,
    "INT": IonType.INT,
    "FLOAT": IonType.FLOAT,
    "REAL": IonType.FLOAT,
    "DOUBLE PRECISION": IonType.FLOAT,
    "DECIMAL": IonType.DECIMAL,
    "NUMERIC": IonType.DECIMAL,
    "TIMESTAMP": IonType.TIMESTAMP,
    "CHARACTER": IonType.STRING,
    "CHAR": IonType.STRING,
    "VARCHAR": IonType.STRING,
    "STRING": IonType.STRING,
    "SYMBOL": IonType.SYMBOL,
    "CLOB": IonType.CLOB,
    "BLOB": IonType.BLOB,
    "STRUCT": IonType.STRUCT,
    "TUPLE": IonType.STRUCT,
    "LIST": IonType.LIST,
    "SEXP": IonType.SEXP,
}


def kind_test(compiler: Compiler, kind: Kind) -> Callable[[Any], bool]:
    """Whether a value is of a kind; MISSING is NULL too. StatementError for an unknown kind."""
    if kind.sizes:
        compiler.refuse(kind, f"IS {kind.name} takes no size")
    match kind.name:
        case "NULL":
            return is_unknown
        case "MISSING":
            return lambda value: value is MISSING
        case "BAG":
            return lambda value: isinstance(value, Bag)
        case "ANY":
            return lambda _: True
        case _:
            return _ion_test(known(compiler, kind))


def known(compiler: Compiler, kind: Kind) -> IonType:
    """The Ion type of a kind; StatementError when there is none."""
    ion_type = KINDS.get(kind.name)
    if ion_type is None:
        compiler.refuse(kind, f"there is no type {kind.name}")
    return ion_type


def _ion_test(ion_type: IonType) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        if value is MISSING or isinstance(value, IonPyNull | Bag):
            return False
        return value.ion_type is ion_type

    return test
