"""Symbol tables whose shape is known, and those that only look like them."""

import pytest

from runtime.ledger import ion
from runtime.ledger.verify.shapes import OPENING_BYTES_MAX, Shape, shape_of, texts_of
from runtime.ledger.verify.symbols import SYSTEM, UNKNOWN, DoubtError

ID = "8F0TPCmdNQ6JTRpiLj2TmW"
OTHER = "5YK2KdMEyOT9IqmKMbYSN6"


def table(*texts: str) -> bytes:
    """The texts as a symbol table holds them."""
    data = ion.encode(ion.parse("{" + ",".join(f"'{text}':1" for text in texts) + "}"))
    begin, end = texts_of(data[:OPENING_BYTES_MAX])
    return data[begin:end]


def texts(shape: Shape, ids: list[bytes]) -> list[str]:
    """All texts, those of ids in their places."""
    names = shape.names.copy()
    for place, text in zip(shape.ids, ids, strict=True):
        assert names[place] == UNKNOWN
        names[place] = text
    return [name.decode() for name in names[len(SYSTEM) :]]


@pytest.mark.parametrize(
    "given",
    [
        ("a",),
        ("a", ID, "b"),
        (ID,),
        (ID, "a"),
        ("a", ID, "b", OTHER, "c"),
        ("a", "name_of_22_characters_", "b"),
        ("a", "name_of_22_characters_", ID),
        ("莖", ID),
        (f"x莖{ID}y", "b"),
        (f"莖{ID}", ID, "z" * 300),
    ],
)
def test_texts_are_found(given: tuple[str, ...]) -> None:
    for _ in range(2):
        assert texts(*shape_of(table(*given))) == list(given)


def test_tables_that_differ_in_ids_alone_have_one_shape() -> None:
    shape, ids = shape_of(table("a", ID, "b"))
    same, others = shape_of(table("a", OTHER, "b"))
    assert same is shape
    assert (ids, others) == ([ID.encode()], [OTHER.encode()])
    assert shape_of(table("a", OTHER, "c"))[0] is not shape
    assert shape_of(table("a", "b", OTHER))[0] is not shape


def test_what_is_no_id_is_not_taken_for_one() -> None:
    written = table("a", ID, "b")
    shape, _ = shape_of(written)
    other, ids = shape_of(written.replace(ID[:1].encode(), b"\x0b"))
    assert other is not shape
    assert ids == []
    with pytest.raises(UnicodeDecodeError):
        shape_of(written.replace(ID[:1].encode(), b"\xff"))


def test_a_field_is_written_with_its_number() -> None:
    shape, _ = shape_of(table(*(f"f{n}" for n in range(200))))
    assert shape.field(b"f0") == b"\x8a"
    assert shape.field(b"f117") == b"\xff"
    assert shape.field(b"f118") == b"\x01\x80"
    assert shape.field(b"version") == b"\x85"
    with pytest.raises(KeyError):
        shape.field(b"f200")


@pytest.mark.parametrize(
    "written",
    [
        b"\x81a\x81a",
        b"\x84name",
        table("a", ID) + table(ID),
        table("a", ID)[:-1],
        b"\x82a",
        b"\x8e\x81a",
        b"\x21\x05",
    ],
)
def test_texts_that_repeat_or_are_not_whole_are_doubted(written: bytes) -> None:
    with pytest.raises(DoubtError):
        shape_of(written)


def test_texts_that_are_none_are_doubted() -> None:
    with pytest.raises(UnicodeDecodeError):
        shape_of(b"\x81\xff")


@pytest.mark.parametrize(
    "change",
    [
        (0, 0xE1),
        (5, 0x82),
        (6, 0x84),
        (8, 0x86),
        (9, 0xC4),
    ],
)
def test_other_openings_are_doubted(change: tuple[int, int]) -> None:
    data = bytearray(ion.encode(ion.parse("{abc:1}")))
    assert texts_of(bytes(data)) == (10, 14)
    at, byte = change
    data[at] = byte
    with pytest.raises(DoubtError):
        texts_of(bytes(data))
