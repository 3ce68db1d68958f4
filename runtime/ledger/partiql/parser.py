"""Statement text to syntax tree."""

from collections.abc import Callable
from typing import Any

from runtime.ledger.partiql import tables
from runtime.ledger.partiql.builder import Builder
from runtime.ledger.partiql.clauses import Statement
from runtime.ledger.partiql.lexical import END, UNSUPPORTED, StatementText, Token, tokens

_WRITTEN = {"PARAMETER": "?", "SIGIL": "@"}


def parse(source: StatementText) -> tuple[Statement, int]:
    """The tree of a statement and how many parameters it takes; ParseError where it is none."""
    automaton = tables.load()
    builder = Builder(source)
    actions: list[Callable[[list[Any]], Any]] = [
        getattr(builder, rule.action) for rule in automaton.rules
    ]
    states, values = [0], list[Any]()
    for token in tokens(source):
        while (action := automaton.states[states[-1]].get(token.kind)) is None or action < 0:
            if action is None:
                raise _unexpected(source, token)
            rule = automaton.rules[-1 - action]
            first = len(values) - rule.size
            values[first:] = [actions[-1 - action](values[first:])]
            del states[first + 1 :]
            states.append(automaton.states[states[-1]][rule.symbol])
            if states[-1] == automaton.end and token.kind == END:
                return values[0], builder.parameters
        states.append(action)
        values.append(token)
    raise AssertionError("the last token is END: it ends the statement or is unexpected")


def _unexpected(source: StatementText, token: Token) -> Exception:
    if token.kind == END:
        return source.parser_error(token.at, "unexpected end of the statement")
    if token.kind in UNSUPPORTED:
        return source.parser_error(token.at, f"{UNSUPPORTED[token.kind]} is not supported")
    if token.kind.isalpha() and token.text.upper() == token.kind:
        return source.parser_error(
            token.at, f"unexpected keyword {token.kind}; a name like it must be quoted"
        )
    return source.parser_error(token.at, f"unexpected {_written(source, token)}")


def _written(source: StatementText, token: Token) -> str:
    quote = source.text[token.at]
    return f"{quote}{token.text}{quote}" if quote in "'\"`" else token.text
