"""Ion values as PartiQL sees them: NULL, MISSING, truth, and what is read from containers."""

from collections.abc import Iterable
from typing import Any, Final

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyBool, IonPyDict, IonPyInt, IonPyList, IonPyNull, IonPyText


class Missing:
    """The type of MISSING: the value of what is not there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


class Bag(IonPyList):
    """A collection without order; an Ion list once it leaves the statement."""


MISSING: Final = Missing()
NULL: Final = IonPyNull()
TRUE: Final = IonPyBool(True)
FALSE: Final = IonPyBool(False)


def boolean(value: bool) -> IonPyBool:
    """The Ion bool."""
    return TRUE if value else FALSE


def is_unknown(value: Any) -> bool:
    """Whether a value is MISSING or a null of any type."""
    return value is MISSING or isinstance(value, IonPyNull)


def is_true(value: Any) -> bool:
    """Whether a value is the bool true: what WHERE keeps."""
    return value is TRUE or (isinstance(value, IonPyBool) and value == 1)


def is_false(value: Any) -> bool:
    """Whether a value is the bool false."""
    return value is FALSE or (isinstance(value, IonPyBool) and value == 0)


def text_of(value: Any) -> str | None:
    """The text of a string or symbol, None for any other value."""
    if isinstance(value, IonPyText):
        return value
    if getattr(value, "ion_type", None) is IonType.SYMBOL and not isinstance(value, IonPyNull):
        return value.text
    return None


def integer_of(value: Any) -> int | None:
    """The int of an Ion int, None for any other value."""
    return int(value) if isinstance(value, IonPyInt) else None


def field(value: Any, name: str) -> Any:
    """The field of a struct (the first of that name), MISSING when there is none."""
    if isinstance(value, IonPyDict):
        try:
            return value.get_all_values(name)[0]
        except (KeyError, IndexError):
            return MISSING
    return MISSING


def element(value: Any, index: int) -> Any:
    """The element of a list or s-expression, MISSING outside of it."""
    if isinstance(value, IonPyList) and 0 <= index < len(value) and not isinstance(value, Bag):
        return value[index]
    return MISSING


def struct(members: Iterable[tuple[str, Any]]) -> IonPyDict:
    """A struct of the members that are not MISSING; names may repeat."""
    made = IonPyDict()
    for name, value in members:
        if value is not MISSING:
            made.add_item(name, value)
    return made


def sequence(items: Iterable[Any], ion_type: IonType = IonType.LIST) -> IonPyList:
    """A list (or s-expression) of the items."""
    made = IonPyList(items)
    made.ion_type = ion_type
    return made


def bag(items: Iterable[Any]) -> Bag:
    """A bag of the items."""
    made = Bag(items)
    made.ion_type = IonType.LIST
    return made


def string(text: str) -> IonPyText:
    """An Ion string."""
    return IonPyText(text)
