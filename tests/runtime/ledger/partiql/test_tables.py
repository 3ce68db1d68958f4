"""The parse tables: what the grammar says, without conflicts, without lark at run time."""

import logging
import subprocess
import sys

import pytest

from runtime.ledger.partiql import tables
from runtime.ledger.partiql.builder import Builder
from runtime.ledger.partiql.lexical import KEYWORDS, SYMBOLS, StatementText


def test_the_stored_tables_are_those_of_the_grammar() -> None:
    made = tables.build(tables.GRAMMAR.read_text("utf-8"))
    assert made == tables.TABLES.read_text("utf-8"), (
        "run python -m runtime.ledger.partiql.tables after a change of grammar.lark"
    )


def test_the_grammar_has_no_conflict(caplog: pytest.LogCaptureFixture) -> None:
    from lark import logger

    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(caplog.handler)
    try:
        tables.build(tables.GRAMMAR.read_text("utf-8"))
    finally:
        logger.removeHandler(caplog.handler)
        logger.setLevel(level)
    assert "onflict" not in caplog.text


def test_every_alternative_has_a_builder() -> None:
    builder = Builder(StatementText(""))
    missing = {r.action for r in tables.load().rules if not hasattr(builder, str(r.action))}
    assert missing == set()


def test_every_terminal_is_made_by_the_lexer() -> None:
    automaton = tables.load()
    symbols = {symbol for row in automaton.states for symbol in row if symbol.isupper()}
    words = {"NAME", "QUOTED", "STRING", "NUMBER", "ION", "$END"}
    assert symbols == KEYWORDS | set(SYMBOLS.values()) | words


def test_running_a_statement_does_not_import_lark() -> None:
    code = (
        "import sys; from runtime.ledger.partiql.statement import prepare;"
        "prepare('SELECT * FROM t'); print('lark' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_root()
    )
    assert answer.stdout.strip() == "False"


def _root() -> str:
    return str(tables.GRAMMAR.parents[3])
