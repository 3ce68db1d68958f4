"""Tokens, and places in a statement."""

import pytest

from runtime.ledger.errors import ParseError
from runtime.ledger.partiql.lexical import StatementText, tokens


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(StatementText(text))][:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select SeLeCt", [("SELECT", "select"), ("SELECT", "SeLeCt")]),
        ("selection _a $b é", [("NAME", n) for n in ("selection", "_a", "$b", "é")]),
        ("'it''s' ''", [("STRING", "it's"), ("STRING", "")]),
        ('"a ""b"" c"', [("QUOTED", 'a "b" c')]),
        ("1 1.5 .5 1e3 2.", [("NUMBER", n) for n in ("1", "1.5", ".5", "1e3", "2.")]),
        ("<<1>>", [("LBAG", "<<"), ("NUMBER", "1"), ("RBAG", ">>")]),
        ("a<=b", [("NAME", "a"), ("LE", "<="), ("NAME", "b")]),
        ("a -- no ' quote\nb", [("NAME", "a"), ("NAME", "b")]),
        ("a /* no ` ** quote */ b", [("NAME", "a"), ("NAME", "b")]),
        ("`{a: \"`\", 'b`': '''`'''}`", [("ION", "{a: \"`\", 'b`': '''`'''}")]),
        ("ORDER", [("ORDER", "ORDER")]),
        ("l\u0131ke", [("NAME", "l\u0131ke")]),
    ],
)
def test_tokens(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 'b", "at line 1, column 3: this string is not closed with '"),
        ('a\n "b', 'at line 2, column 2: this name is not closed with "'),
        ("`[", "at line 1, column 1: this Ion literal is not closed with `"),
        ("a /* b", "at line 1, column 3: this comment is not closed with */"),
        ("12abc", "at line 1, column 1: a number must not run into a name"),
        ("a # b", "at line 1, column 3: '#' is no character of a statement here"),
        ("\x00", "at line 1, column 1: '\\x00' is no character of a statement here"),
    ],
)
def test_what_is_no_token_is_refused(text: str, message: str) -> None:
    with pytest.raises(ParseError) as refused:
        kinds(text)
    assert str(refused.value) == f"Lexer Error: {message}"


def test_a_place_counts_lines_and_columns_from_one() -> None:
    text = StatementText("ab\ncd\n\nef")
    assert text.place(0) == "at line 1, column 1"
    assert text.place(4) == "at line 2, column 2"
    assert text.place(8) == "at line 4, column 2"
