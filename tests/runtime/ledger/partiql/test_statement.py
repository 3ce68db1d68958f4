"""Plans: cached, bounded, shared between threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.ledger.errors import ParseError
from runtime.ledger.partiql import statement
from runtime.ledger.partiql.statement import Statement, prepare
from tests.runtime.ledger.partiql.memory_access import MemoryAccess, ion, ion_text


def test_a_statement_is_prepared_once() -> None:
    text = "SELECT * FROM Prepared WHERE once = ?"
    assert prepare(text) is prepare(text)
    assert prepare(text).parameter_count == 1
    assert prepare(text) is not prepare(text + " ")


def test_the_cache_is_bounded() -> None:
    first = prepare("SELECT 0 FROM Bounded")
    for number in range(statement.statements_cached_max):
        prepare(f"SELECT {number + 1} FROM Bounded")
    assert prepare("SELECT 0 FROM Bounded") is not first


def test_a_long_statement_is_not_kept() -> None:
    text = f"SELECT '{'x' * statement.statement_cached_characters_max}' FROM t"
    assert prepare(text) is not prepare(text)


def test_a_refusal_is_not_kept() -> None:
    for _ in range(2):
        with pytest.raises(ParseError):
            prepare("SELECT")


def test_threads_share_a_plan() -> None:
    plan = prepare("SELECT VALUE x + ? + (SELECT SUM(y) FROM <<1, 2>> AS y) FROM ? AS x")

    def run(number: int) -> list[str]:
        rows = plan.run(MemoryAccess(), [ion(str(number)), ion("[1, 2, 3]")])
        return [ion_text(row) for row in rows]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(run, range(200)))
    assert found == [[str(n + 4), str(n + 5), str(n + 6)] for n in range(200)]


def test_two_runs_at_once_do_not_disturb_each_other() -> None:
    plan = Statement("SELECT a, b FROM ? AS a, ? AS b")
    one = plan.run(MemoryAccess(), [ion("[1, 2]"), ion("[x]")])
    other = plan.run(MemoryAccess(), [ion("[8, 9]"), ion("[y]")])
    rows = [ion_text(next(rows)) for rows in (one, other, one, other)]
    assert rows == ["{a:1,b:x}", "{a:8,b:y}", "{a:2,b:x}", "{a:9,b:y}"]


def test_definitions() -> None:
    access = MemoryAccess()
    assert access.run("CREATE TABLE T WITH (aws_tags = `{'a': 'b'}`)") == ['{tableId:"table1"}']
    assert access.run("create index on T (price)") == ['{tableId:"table1"}']
    assert access.run('CREATE INDEX ON T ("Quoted Field")') == ['{tableId:"table1"}']
    assert [index.field for index in access.table("T").indexes] == ["price", "Quoted Field"]
    assert access.run('DROP INDEX "index2" ON T WITH (purge = true)') == ['{tableId:"table1"}']
    assert [index.field for index in access.table("T").indexes] == ["Quoted Field"]
    assert access.run("DROP TABLE T") == ['{tableId:"table1"}']
    assert access.run('UNDROP TABLE "table1"') == ['{tableId:"table1"}']
    assert access.table("T").active


def test_redaction() -> None:
    row = "exec redact_revision ?, 'table1', ?"
    address = '{strandId:"s",sequenceNo:4}'
    assert MemoryAccess().run(row, address, '"document1"') == [
        f'{{blockAddress:{address},tableId:"table1",documentId:"document1",version:0}}'
    ]
