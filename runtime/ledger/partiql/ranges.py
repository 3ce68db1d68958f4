"""The loops over one source: a table, its history, the list of tables, a collection."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyInt, IonPyList, IonPyNull, IonPyText

from runtime.ledger.errors import LimitExceededError, StatementError
from runtime.ledger.partiql.access import Access, Document, Table
from runtime.ledger.partiql.comparisons import instant
from runtime.ledger.partiql.compiler import ACCESS, ROWS, Evaluate, Frame
from runtime.ledger.partiql.lookups import DOCUMENT_ID, Lookup
from runtime.ledger.partiql.values import MISSING, Bag, is_unknown, text_of

statement_rows_max = 10_000_000
rows_unchecked_max = 256
"""Looked at before it is asked again whether the statement may go on."""

Iterate = Callable[[Frame], Iterator[None]]
"""Puts one binding after the other into the frame's slots."""


def over_table(
    name: str, committed: bool, value_slot: int, identity_slot: int, by: list[Lookup]
) -> Iterate:
    """The documents of a table, looked up by id, else by an index, else all."""

    def iterate(frame: Frame) -> Iterator[None]:
        access: Access = frame[ACCESS]
        for document in _documents(access, access.table(name), by, frame):
            frame[value_slot] = document.revision if committed else document.data
            frame[identity_slot] = IonPyText(document.document_id)
            _count(frame)
            yield

    return iterate


def over_history(
    name: str,
    times: list[Evaluate],
    refuse: Callable[[str], StatementError],
    value_slot: int,
    by: list[Lookup],
) -> Iterate:
    """The revisions of a table that were active in a range of time."""

    def iterate(frame: Frame) -> Iterator[None]:
        access: Access = frame[ACCESS]
        start, end = (*(_time(time(frame), refuse) for time in times), None, None)[:2]
        if start and end and instant(start) > instant(end):
            raise refuse("history must start before it ends")
        ids = _ids(by[0].values(frame)) if by and by[0].key == DOCUMENT_ID else None
        for revision in access.history(name, start, end, ids):
            frame[value_slot] = revision
            _count(frame)
            yield

    return iterate


def over_user_tables(value_slot: int) -> Iterate:
    """The rows of information_schema.user_tables."""

    def iterate(frame: Frame) -> Iterator[None]:
        access: Access = frame[ACCESS]
        for row in access.user_tables():
            frame[value_slot] = row
            _count(frame)
            yield

    return iterate


def over_collection(
    collection: Evaluate, value_slot: int, ordinal_slot: int, position_slot: int | None
) -> Iterate:
    """The items of a collection; anything else is one item, NULL and MISSING none."""

    def iterate(frame: Frame) -> Iterator[None]:
        value = collection(frame)
        if is_unknown(value):
            return
        items: Iterable[Any] = value if isinstance(value, IonPyList) else (value,)
        ordered = isinstance(value, IonPyList) and not isinstance(value, Bag)
        for ordinal, item in enumerate(items):
            frame[value_slot] = item
            frame[ordinal_slot] = ordinal if isinstance(value, IonPyList) else None
            if position_slot is not None:
                frame[position_slot] = IonPyInt(ordinal) if ordered else MISSING
            _count(frame)
            yield

    return iterate


def filtered(loop: Iterate, conditions: list[Evaluate], true: Any) -> Iterate:
    """The bindings for which every condition is true."""
    if not conditions:
        return loop
    if len(conditions) == 1:
        only = conditions[0]
        return lambda frame: (None for _ in loop(frame) if only(frame) is true)
    return lambda frame: (
        None for _ in loop(frame) if all(holds(frame) is true for holds in conditions)
    )


def nested(loops: list[Iterate]) -> Iterate:
    """A loop inside another for each source, the first outermost."""
    first, *others = loops
    for loop in others:
        first = _inside(first, loop)
    return first


def _inside(outer: Iterate, inner: Iterate) -> Iterate:
    return lambda frame: (None for _ in outer(frame) for _ in inner(frame))


def _count(frame: Frame) -> None:
    frame[ROWS] += 1
    if frame[ROWS] > statement_rows_max:
        raise LimitExceededError(
            f"the statement looks at more than {statement_rows_max} rows:"
            " narrow it by an index, or join fewer sources"
        )
    if frame[ROWS] % rows_unchecked_max == 0:
        access: Access = frame[ACCESS]
        access.check_open()


def _documents(access: Access, table: Table, by: list[Lookup], frame: Frame) -> Iterator[Document]:
    for lookup in by:
        if lookup.key == DOCUMENT_ID:
            return access.by_document_id(table, _ids(lookup.values(frame)))
    for lookup in by:
        for index in table.indexes:
            if (index.field,) == lookup.key:
                known = [value for value in lookup.values(frame) if not is_unknown(value)]
                return access.by_index(table, index, known)
    return access.scan(table)


def _ids(values: Iterable[Any]) -> list[str]:
    """The ids among values that may be anything: what is no text equals no id."""
    return [str(text) for text in map(text_of, values) if text is not None]


def _time(value: Any, refuse: Callable[[str], StatementError]) -> datetime | None:
    if getattr(value, "ion_type", None) is not IonType.TIMESTAMP or isinstance(value, IonPyNull):
        raise refuse("history is limited by Ion timestamps")
    return value
