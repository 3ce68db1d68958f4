"""Statement text to tokens, and a place in the text to a message."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.ledger.errors import ParseError, StatementError

KEYWORDS = frozenset(
    """select value from where as at by on join inner cross insert into update set remove delete
    create drop undrop table index with exec and or not is in between like escape true false null
    missing case when then else end cast exists extract trim substring for leading trailing both
    double precision""".upper().split()
)

UNSUPPORTED = {
    "ORDER": "ORDER BY",
    "GROUP": "GROUP BY",
    "LEFT": "an outer join",
    "RIGHT": "an outer join",
    "FULL": "an outer join",
    "OUTER": "an outer join",
    "NATURAL": "NATURAL JOIN",
    "USING": "USING",
    **{
        word: word
        for word in """limit offset having distinct all union intersect except pivot unpivot let
        over returning conflict alter grant revoke truncate""".upper().split()
    },
}

SYMBOLS = {
    "<<": "LBAG",
    ">>": "RBAG",
    "<>": "NE",
    "!=": "NE",
    "<=": "LE",
    ">=": "GE",
    "||": "CONCAT",
    "<": "LT",
    ">": "GT",
    "=": "EQ",
    "+": "PLUS",
    "-": "MINUS",
    "*": "STAR",
    "/": "SLASH",
    "%": "PERCENT",
    ",": "COMMA",
    ".": "DOT",
    ":": "COLON",
    ";": "SEMICOLON",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "{": "LBRACE",
    "}": "RBRACE",
    "?": "PARAMETER",
    "@": "SIGIL",
}

END = "$END"

_ION_PARTS = r"""[^`"']|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'"""

_TOKEN = re.compile(
    rf"""(?P<space>(?:\s|--[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/)++)
    |(?P<word>(?:[^\W\d]|\$)[\w$]*)
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w$]))
    |(?P<string>'(?:[^']|'')*+')
    |(?P<quoted>"(?:[^"]|"")*+")
    |(?P<ion>`(?:{_ION_PARTS})*+`)
    |(?P<symbol>(?!/\*)(?:{"|".join(re.escape(symbol) for symbol in SYMBOLS)}))""",
    re.VERBOSE | re.DOTALL,
)

_UNCLOSED = {
    "'": "this string is not closed with '",
    '"': 'this name is not closed with "',
    "`": "this Ion literal is not closed with `",
    "/": "this comment is not closed with */",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A terminal of the grammar: its kind, its text without quotes, its offset in the statement."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class StatementText:
    """A statement as written, to say where in it something is wrong."""

    text: str

    def place(self, at: int) -> str:
        """`at line L, column C` of an offset, both counted from one."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        return f"at line {line}, column {column}"

    def lexer_error(self, at: int, message: str) -> ParseError:
        """The error for characters that make no token."""
        return ParseError(f"Lexer Error: {self.place(at)}: {message}")

    def parser_error(self, at: int, message: str) -> ParseError:
        """The error for tokens that make no statement."""
        return ParseError(f"Parser Error: {self.place(at)}: {message}")

    def semantic_error(self, at: int, message: str) -> StatementError:
        """The error for a statement that means nothing or cannot be evaluated."""
        return StatementError(f"Semantic Error: {self.place(at)}: {message}")


def tokens(source: StatementText) -> Iterator[Token]:
    """The tokens of a statement, one of kind END last; ParseError at what is none."""
    text, at, match = source.text, 0, _TOKEN.match
    while at < len(text):
        found = match(text, at)
        if found is None:
            raise source.lexer_error(at, _invalid(text, at))
        if found.lastgroup != "space":
            yield _token(found)
        at = found.end()
    yield Token(END, "", len(text))


def _token(found: re.Match[str]) -> Token:
    text, at = found.group(), found.start()
    match found.lastgroup:
        case "word":
            upper = text.upper() if text.isascii() else ""
            reserved = upper in KEYWORDS or upper in UNSUPPORTED
            return Token(upper if reserved else "NAME", text, at)
        case "number":
            return Token("NUMBER", text, at)
        case "string":
            return Token("STRING", text[1:-1].replace("''", "'"), at)
        case "quoted":
            return Token("QUOTED", text[1:-1].replace('""', '"'), at)
        case "ion":
            return Token("ION", text[1:-1], at)
        case _:
            return Token(SYMBOLS[text], text, at)


def _invalid(text: str, at: int) -> str:
    character = text[at]
    if character in _UNCLOSED:
        return _UNCLOSED[character]
    if character.isdigit() or character == ".":
        return "a number must not run into a name"
    return f"{character!r} is no character of a statement here"
