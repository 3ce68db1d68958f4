"""Documents changed at a place: the containers on the way are copied, everything else is shared."""

from typing import Any

from amazon.ion.simple_types import IonPyDict, IonPyList

from runtime.ledger.partiql.values import MISSING, field, string, struct

Place = tuple[str | int, ...]
"""Field names and list positions from the document down."""


class PlaceError(ValueError):
    """A document has no such place, or nothing of the kind needed there."""


def assigned(value: Any, place: Place, new: Any) -> Any:
    """The value with `new` at a place; fields on the way are made, MISSING takes away."""
    if not place:
        return new
    key, rest = place[0], place[1:]
    if isinstance(key, str):
        whole = struct(()) if value is MISSING else value
        if not isinstance(whole, IonPyDict):
            raise PlaceError(f"field {key} cannot be set in what is no struct")
        return _with_field(whole, key, assigned(field(whole, key), rest, new))
    items = _items(value, key)
    if key > len(items):
        raise PlaceError(f"position {key} is beyond the end of a list of {len(items)}")
    inner = assigned(items[key] if key < len(items) else MISSING, rest, new)
    changed = [] if inner is MISSING else [inner]
    return _with_items(value, [*items[:key], *changed, *items[key + 1 :]])


def removed(value: Any, place: Place) -> Any:
    """The value without what is at a place; the same when there is nothing."""
    key, rest = place[0], place[1:]
    if isinstance(key, str):
        inner = field(value, key)
        if inner is MISSING:
            return value
        return _with_field(value, key, removed(inner, rest) if rest else MISSING)
    if not isinstance(value, IonPyList) or not 0 <= key < len(value):
        return value
    changed = [removed(value[key], rest)] if rest else []
    return _with_items(value, [*value[:key], *changed, *value[key + 1 :]])


def inserted(value: Any, place: Place, new: Any, at: str | int | None) -> Any:
    """The value with `new` put into the container at a place.

    A list takes it at a position, or at its end; a struct as a field that it does not have yet.
    """
    if place:
        inner = _part(value, place[0])
        return assigned(value, place[:1], inserted(inner, place[1:], new, at))
    if isinstance(value, IonPyDict):
        if not isinstance(at, str):
            raise PlaceError("a struct takes a new field only AT its name")
        if field(value, at) is not MISSING:
            raise PlaceError(f"there is a field {at} already: SET changes it")
        return _with_field(value, at, new)
    if isinstance(at, str):
        raise PlaceError(f"field {at} can be inserted into a struct only")
    items = _items(value, 0 if at is None else at)
    position = len(items) if at is None else at
    if position > len(items):
        raise PlaceError(f"position {position} is beyond the end of a list of {len(items)}")
    return _with_items(value, [*items[:position], new, *items[position:]])


def document_row(document_id: str) -> IonPyDict:
    """The row that tells of an affected document."""
    row = IonPyDict()
    row["documentId"] = string(document_id)
    return row


def _part(value: Any, key: str | int) -> Any:
    if isinstance(key, str):
        return field(value, key)
    return value[key] if isinstance(value, IonPyList) and 0 <= key < len(value) else MISSING


def _items(value: Any, key: int) -> list[Any]:
    if not isinstance(value, IonPyList):
        raise PlaceError("there is no list to put a value into")
    if key < 0:
        raise PlaceError(f"position {key} is before the start of a list")
    return list(value)


def _with_field(value: IonPyDict, name: str, new: Any) -> IonPyDict:
    """A copy whose only field of a name is `new`, in the place of the first; none for MISSING."""
    members: list[tuple[str, Any]] = []
    waiting = True
    for key, old in value.items():
        if key != name:
            members.append((key, old))
        elif waiting:
            members.append((name, new))
            waiting = False
    if waiting:
        members.append((name, new))
    changed = struct(members)
    changed.ion_annotations = value.ion_annotations
    return changed


def _with_items(value: IonPyList, items: list[Any]) -> IonPyList:
    changed = IonPyList(items)
    changed.ion_type = value.ion_type
    changed.ion_annotations = value.ion_annotations
    return changed
