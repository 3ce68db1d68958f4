"""Random Ion values of every kind, for hypothesis."""

from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import (
    IonPyBool,
    IonPyBytes,
    IonPyDecimal,
    IonPyDict,
    IonPyFloat,
    IonPyInt,
    IonPyList,
    IonPyNull,
    IonPySymbol,
    IonPyText,
)
from amazon.ion.symbols import SymbolToken
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.ion_bounds import (
    DECIMAL_DIGITS_MAX,
    DECIMAL_EXPONENT_MAX,
    DECIMAL_ROUND_DIGITS_MAX,
)

LEAVES_MAX = 20
NAMES = st.text(max_size=8)


def typed(cls: type, ion_type: IonType):
    """A function that wraps a plain value."""
    return lambda value: cls.from_value(ion_type, value)


@st.composite
def timestamps(draw: st.DrawFn) -> Any:
    """Every precision, known and unknown offsets, up to nine digits of a second."""
    moment = draw(st.datetimes())
    # The offset moves the moment as UTC, which has to stay within the years Ion has.
    moment = moment.replace(year=min(max(moment.year, 2), 9998))
    fraction = draw(st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True))
    offset = draw(st.sampled_from(["Z", "-00:00", "+01:00", "-08:30", "+23:59"]))
    forms = [
        f"{moment:%Y}T".rjust(5, "0"),
        f"{moment.year:04d}-{moment:%m}T",
        f"{moment.year:04d}-{moment:%m-%d}",
        f"{moment.year:04d}-{moment:%m-%dT%H:%M}{offset}",
        f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}{offset}",
    ]
    return ion.parse(draw(st.sampled_from(forms)))


def decimals() -> st.SearchStrategy[Any]:
    """Every decimal that can be stored: negative zero too, exponents far from zero."""
    short = st.integers(0, 10**DECIMAL_ROUND_DIGITS_MAX - 1)
    long = st.integers(10**DECIMAL_ROUND_DIGITS_MAX, 10**DECIMAL_DIGITS_MAX - 1)
    texts = st.builds(
        lambda sign, digits, exponent: f"{sign}{digits}E{exponent}",
        st.sampled_from(["", "-"]),
        short | long.filter(lambda digits: digits % 10),
        st.integers(-DECIMAL_EXPONENT_MAX, DECIMAL_EXPONENT_MAX),
    )
    return texts.map(lambda text: IonPyDecimal(text))


SCALARS = st.one_of(
    st.sampled_from(list(IonType)).map(IonPyNull),
    st.booleans().map(typed(IonPyBool, IonType.BOOL)),
    st.integers().map(typed(IonPyInt, IonType.INT)),
    st.integers(-(1 << 70), 1 << 70).map(typed(IonPyInt, IonType.INT)),
    st.floats(allow_nan=False).map(typed(IonPyFloat, IonType.FLOAT)),
    st.just(IonPyFloat("nan")),
    decimals(),
    timestamps(),
    st.text().map(typed(IonPyText, IonType.STRING)),
    NAMES.map(lambda text: IonPySymbol.from_value(IonType.SYMBOL, SymbolToken(text, None))),
    st.binary().map(typed(IonPyBytes, IonType.BLOB)),
    st.binary().map(typed(IonPyBytes, IonType.CLOB)),
)


def struct(members: list[tuple[str, Any]]) -> IonPyDict:
    """A struct whose names may repeat."""
    made = IonPyDict()
    for name, value in members:
        made.add_item(name, value)
    return made


def annotated(value: Any, annotations: list[str]) -> Any:
    """The same value with annotations."""
    fresh = value.__copy__() if not isinstance(value, IonPyNull) else IonPyNull(value.ion_type)
    fresh.ion_annotations = tuple(SymbolToken(text, None) for text in annotations)
    return fresh


def containers(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, s-expressions, structs and annotated values of what is given."""
    return st.one_of(
        st.lists(members, max_size=6).map(typed(IonPyList, IonType.LIST)),
        st.lists(members, max_size=6).map(typed(IonPyList, IonType.SEXP)),
        st.lists(st.tuples(NAMES, members), max_size=6).map(struct),
        st.builds(annotated, SCALARS, st.lists(NAMES, min_size=1, max_size=3)),
    )


ION_VALUES = st.recursive(SCALARS, containers, max_leaves=LEAVES_MAX)
