"""What is refused, with the error that says where and why."""

import pytest

from runtime.ledger.errors import LimitExceededError, ParseError, StatementError
from runtime.ledger.partiql import ranges
from runtime.ledger.partiql.statement import prepare, statement_characters_max
from tests.runtime.ledger.partiql.memory_access import MemoryAccess

LONG_KEY = "k" * 129

PARSER = [
    ("SELECT * FROM t ORDER BY a", 17, "ORDER BY is not supported"),
    ("SELECT * FROM t LIMIT 1", 17, "LIMIT is not supported"),
    ("SELECT * FROM t WHERE a = 1 OFFSET 1", 29, "OFFSET is not supported"),
    ("SELECT a FROM t GROUP BY a", 17, "GROUP BY is not supported"),
    ("SELECT a FROM t HAVING a", 17, "HAVING is not supported"),
    ("SELECT DISTINCT a FROM t", 8, "DISTINCT is not supported"),
    ("SELECT COUNT(DISTINCT a) FROM t", 14, "DISTINCT is not supported"),
    ("SELECT * FROM t LEFT JOIN u ON TRUE", 17, "an outer join is not supported"),
    ("SELECT * FROM t RIGHT JOIN u ON TRUE", 17, "an outer join is not supported"),
    ("SELECT * FROM t FULL OUTER JOIN u ON TRUE", 17, "an outer join is not supported"),
    ("SELECT * FROM t OUTER JOIN u ON TRUE", 17, "an outer join is not supported"),
    ("SELECT * FROM t NATURAL JOIN u", 17, "NATURAL JOIN is not supported"),
    ("SELECT * FROM t UNION SELECT * FROM u", 17, "UNION is not supported"),
    ("SELECT * FROM t INTERSECT SELECT * FROM u", 17, "INTERSECT is not supported"),
    ("SELECT * FROM t EXCEPT SELECT * FROM u", 17, "EXCEPT is not supported"),
    ("PIVOT a AT b FROM t", 1, "PIVOT is not supported"),
    ("SELECT * FROM UNPIVOT t AS a", 15, "UNPIVOT is not supported"),
    ("DELETE FROM t RETURNING ALL OLD *", 15, "RETURNING is not supported"),
    ("INSERT INTO t VALUE {} ON CONFLICT DO NOTHING", 24, "unexpected keyword ON;"),
    ("SELECT 1", 9, "unexpected end of the statement"),
    ("SELECT a FROM", 14, "unexpected end of the statement"),
    ("SELECT FROM t", 8, "unexpected keyword FROM; a name like it must be quoted"),
    ("SELECT t.value FROM t", 10, "unexpected keyword VALUE; a name like it must be quoted"),
    ("SELECT * FROM t WHERE a == 1", 26, "unexpected ="),
    ("SELECT * FROM t JOIN u", 23, "unexpected end of the statement"),
    ("SELECT * FROM t; SELECT * FROM t", 18, "unexpected keyword SELECT;"),
    ("SELECT * FROM t WHERE a = 'x' 'y'", 31, "unexpected 'y'"),
    ("MERGE INTO t", 1, "unexpected MERGE"),
    ("INSERT INTO t.a VALUE 1", 14, "unexpected ."),
    ("INSERT INTO t", 14, "unexpected end of the statement"),
    ("UPDATE t WHERE a = 1", 10, "unexpected keyword WHERE;"),
    ("UPDATE t SET a", 15, "unexpected end of the statement"),
    ("CREATE TABLE", 13, "unexpected end of the statement"),
    ("CREATE INDEX ON t (a, b)", 21, "unexpected ,"),
    ("", None, "a statement has 1 to 100000 characters, this one 0"),
    (" ", 2, "unexpected end of the statement"),
    ("SELECT `a b` FROM t", 8, "this Ion literal is wrong: one Ion value is expected, 2"),
    ("SELECT `` FROM t", 8, "this Ion literal is wrong: one Ion value is expected, 0 were found"),
    ("SELECT `{a:` FROM t", 8, "this Ion literal is wrong: not Ion: "),
    ("SELECT 1e6001 FROM t", 8, "an exponent is at most 6000"),
    ("SELECT 1e999999999 FROM t", 8, "an exponent is at most 6000"),
    ("SELECT `{a: [1d-6001]}` FROM t", 8, "this Ion literal is wrong: a decimal with exponent"),
    ("SELECT `1d999998` FROM t", 8, "this Ion literal is wrong: a decimal with exponent"),
    ("SELECT a" + ".b" * 101 + " FROM t", 210, "a path has at most 100 steps"),
    ("SELECT " + "1" * 5_000 + " FROM t", 8, "a number has at most 4096 digits"),
    ("SELECT '\ud800' FROM t", 8, "the text holds half of a character"),
]  # fmt: skip

SEMANTIC = [
    ("SELECT * FROM " + "t, " * 32 + "t", 15, "FROM has at most 32 sources"),
    ("SELECT FOO(a) FROM t", 8, "there is no function FOO"),
    ("SELECT UPPER(*) FROM t", 8, "there is no function UPPER(*)"),
    ("SELECT UPPER(a, b) FROM t", 8, "UPPER takes 1 arguments, not 2"),
    ("SELECT SUBSTRING(a) FROM t", 8, "SUBSTRING takes 2 to 3 arguments, not 1"),
    ("SELECT COALESCE() FROM t", 8, "COALESCE takes at least 1 arguments, not 0"),
    ("SELECT COUNT(a, b) FROM t", 8, "COUNT takes one argument"),
    ("SELECT SUM() FROM t", 8, "SUM takes one argument"),
    ("SELECT a, COUNT(*) FROM t", 8,
     "a must stand inside an aggregate: GROUP BY is not supported"),
    ("SELECT MAX(COUNT(*)) FROM t", 12,
     "COUNT stands in the projection of a SELECT only"),
    ("SELECT * FROM t WHERE COUNT(*) > 1", 23,
     "COUNT stands in the projection of a SELECT only"),
    ("SELECT VALUE COUNT(*) FROM t", 14, "COUNT stands in the projection of a SELECT only"),
    ("SELECT EXTRACT(week FROM a) FROM t", 16, "a part of a timestamp is one of YEAR, MONTH,"),
    ("SELECT CAST(a AS THING) FROM t", 18, "there is no type THING"),
    ("SELECT CAST(a AS INT(5)) FROM t", 18, "INT takes 0 sizes at most"),
    ("SELECT CAST(a AS DECIMAL(?)) FROM t", 26, "the size of a type is a number up to 4096"),
    ("SELECT a IS DECIMAL(3) FROM t", 13, "IS DECIMAL takes no size"),
    ("SELECT a IS THING FROM t", 13, "there is no type THING"),
    ("SELECT * FROM @t", 15, "there is no variable t"),
    ("SELECT * FROM t AS a, u AS a", 28, "the name a is given twice"),
    ("SELECT * FROM <<1>> AS a BY b", 29,
     "BY names the document id of a table, here is none"),
    ("SELECT * FROM history(t) AS a BY b", 34,
     "BY names the document id of a table, here is none"),
    ("SELECT * FROM history()", 15, "history takes a table and at most a start and an end"),
    ("SELECT * FROM history(1)", 15, "history takes the name of a table, or its id as a string"),
    ("SELECT * FROM information_schema.tables", 15, "information_schema has only user_tables"),
    ("CREATE INDEX ON t (a.b)", 20, "an index is on one top-level field"),
    ("CREATE TABLE t WITH (tags = `{}`)", 22, "there is no option tags, there is aws_tags"),
    ('DROP INDEX "i" ON t', 1, "DROP INDEX needs WITH (purge = true)"),
    ("EXEC SOMETHING 1", 6, "there is no procedure SOMETHING"),
    ("EXEC REDACT_REVISION 1", 1, "REDACT_REVISION takes a block address, a table id,"),
    ("SELECT " + "(" * 150 + "1" + ")" * 150 + " FROM t", 108,
     "this is nested more than 100 levels deep"),
]  # fmt: skip

RUNNING = [
    ("SELECT a + 'x' FROM t", 10, "a text is no number to calculate with"),
    ("SELECT a / 0 FROM t", 10, "division by zero"),
    ("SELECT a % 0.0 FROM t", 10, "division by zero"),
    ("SELECT 1.5 / 0 FROM t", 12, "division by zero"),
    ("SELECT 1e6000 + 1 FROM t", 15,
     "the result has more than 4096 digits or is out of bounds"),
    ("SELECT 1e6000 * 10 FROM t", 15,
     "the result has more than 4096 digits or is out of bounds"),
    ("SELECT 1e-6000 / 10 FROM t", 16,
     "the result has more than 4096 digits or is out of bounds"),
    ("SELECT 1e-6000 * 0.1 FROM t", 16,
     "the result has more than 4096 digits or is out of bounds"),
    ("SELECT CAST('1e6001' AS DECIMAL) FROM t", 8,
     "a text cannot be cast to DECIMAL: it is out of bounds"),
    ("SELECT -s FROM t", 8, "a text has no sign"),
    ("SELECT a || s FROM t", 10, "|| joins texts, not a number and a text"),
    ("SELECT * FROM t WHERE a < 's'", 25, "a number cannot be compared with a text"),
    ("SELECT * FROM t WHERE a BETWEEN 1 AND s", 25, "a number cannot be compared with a text"),
    ("SELECT * FROM t WHERE a", 23, "a bool is needed here, not a number"),
    ("SELECT * FROM t WHERE TRUE AND s", 32, "a bool is needed here, not a text"),
    ("SELECT * FROM t WHERE NOT l", 27, "a bool is needed here, not a list"),
    ("SELECT * FROM t WHERE a LIKE '1'", 25, "LIKE compares text with a pattern that is text"),
    ("SELECT * FROM t WHERE s LIKE 'x' ESCAPE 'ab'", 25, "the escape of LIKE is one character"),
    ("SELECT * FROM t WHERE s LIKE '!x' ESCAPE '!'", 25,
     "the escape '!' of LIKE stands before %, _ or itself"),
    ("SELECT * FROM t WHERE a = (SELECT VALUE x FROM l AS x)", None, None),
    ("SELECT * FROM t WHERE a = (SELECT VALUE x FROM <<1, 2>> AS x)", 27,
     "this sub-select has more than one row where one is needed"),
    ("SELECT CHAR_LENGTH(a) FROM t", 8, "CHAR_LENGTH: a text is needed, not a number"),
    ("SELECT SUBSTRING(s, 1, -1) FROM t", 8, "SUBSTRING: the length must not be negative"),
    ("SELECT SIZE(a) FROM t", 8, "SIZE takes a collection or a struct, not a number"),
    ("SELECT SUM(s) FROM t", 8, "a text is no number to calculate with"),
    ("SELECT MIN(x) FROM <<1, 'a'>> AS x", 8, "a text cannot be compared with a number"),
    ("SELECT {a: 1} FROM t", 10, "a field's name is text, not a number"),
    ("SELECT CAST(s AS INT) FROM t", 8, "a text cannot be cast to INT"),
    ("SELECT CAST(l AS INT) FROM t", 8, "a list cannot be cast to INT: it is no number"),
    ("SELECT CAST(s AS BOOL) FROM t", 8,
     "a text cannot be cast to BOOL: it is neither true nor false"),
    ("SELECT CAST(123.45 AS DECIMAL(3, 1)) FROM t", 8,
     "a number cannot be cast to DECIMAL: it has more than 3 digits"),
    ("SELECT EXTRACT(year FROM s) FROM t", 8, "EXTRACT: a timestamp is needed, not a text"),
    ("SELECT DATE_ADD(year, 9999, `2020T`) FROM t", 8, "DATE_ADD: year 12019 is out of bounds"),
    ("SELECT DATE_ADD(timezone_hour, 1, `2020T`) FROM t", 8,
     "DATE_ADD: TIMEZONE_HOUR can be extracted only"),
    ("SELECT TO_TIMESTAMP('x') FROM t", 8, "TO_TIMESTAMP: 'x' is no timestamp"),
    ("SELECT TO_STRING(`2020T`, 'q') FROM t", 8,
     "TO_STRING: 'q' means nothing in the pattern 'q'"),
    ("SELECT * FROM history(t, 'x')", 15, "history is limited by Ion timestamps"),
    ("SELECT * FROM history(t, `2021T`, `2020T`)", 15, "history must start before it ends"),
    ('DROP INDEX "i" ON t WITH (purge = false)', 1, "DROP INDEX needs WITH (purge = true)"),
    ("CREATE TABLE u WITH (aws_tags = 1)", 22, "aws_tags is a struct of strings"),
    *[
        (f"CREATE TABLE u WITH (aws_tags = `{{{tags}}}`)", 22, fault)
        for tags, fault in (
            ("k: 5", "aws_tags: tag 'k' must have a string of at most 256 characters"),
            (f"k: '{'v' * 257}'", "aws_tags: tag 'k' must have a string of at most 256 characters"),
            ("'aws:k': 'v'", "aws_tags: tag 'aws:k' starts with aws:, which is reserved"),
            ("'': 'v'", "aws_tags: tag '' must have a key of 1 to 128 characters"),
            (f"'{LONG_KEY}': 'v'", f"aws_tags: tag '{LONG_KEY}' must have a key of 1 to 128"),
            ("k: 'v', k: 'w'", "aws_tags: tag 'k' is there twice"),
            (", ".join(f"k{n}: 'v'" for n in range(51)), "aws_tags has 51 tags; the limit is 50"),
        )
    ],
    ("EXEC REDACT_REVISION 1, 'a', 'b'", 1, "REDACT_REVISION takes a block address as a struct"),
    ("EXEC REDACT_REVISION `{}`, 1, 'b'", 1, "REDACT_REVISION takes the ids of table and"),
]  # fmt: skip


def expected(prefix: str, column: int | None, message: str) -> str:
    return f"{prefix} Error: {f'at line 1, column {column}: ' if column else ''}{message}"


@pytest.mark.parametrize(("statement", "column", "message"), PARSER)
def test_what_is_no_statement(statement: str, column: int | None, message: str) -> None:
    with pytest.raises(ParseError) as refused:
        prepare(statement)
    assert str(refused.value).startswith(expected("Parser", column, message))


@pytest.mark.parametrize(("statement", "column", "message"), SEMANTIC)
def test_what_means_nothing(statement: str, column: int, message: str) -> None:
    with pytest.raises(StatementError) as refused:
        prepare(statement)
    assert not isinstance(refused.value, ParseError)
    assert str(refused.value).startswith(expected("Semantic", column, message))


@pytest.mark.parametrize(("statement", "column", "message"), RUNNING)
def test_what_cannot_be_evaluated(statement: str, column: int | None, message: str | None) -> None:
    access = MemoryAccess()
    access.create("t", "{a: 1, s: 'text', l: [1, 2]}")
    with pytest.raises(StatementError) as refused:
        access.rows(statement)
    if message is not None:
        assert str(refused.value).startswith(expected("Semantic", column, message))


def test_the_line_is_named() -> None:
    with pytest.raises(ParseError) as refused:
        prepare("SELECT *\nFROM t\n  ORDER BY a")
    assert str(refused.value) == ("Parser Error: at line 3, column 3: ORDER BY is not supported")


def test_a_table_that_is_not_there() -> None:
    access = MemoryAccess()
    for statement in ("SELECT * FROM t", "DELETE FROM t", "INSERT INTO t {}", "UPDATE t SET a = 1"):
        with pytest.raises(StatementError, match="no such table: t"):
            access.rows(statement)


def test_a_statement_that_is_too_long() -> None:
    with pytest.raises(ParseError, match="1 to 100000 characters, this one 100001"):
        prepare("x" * (statement_characters_max + 1))


@pytest.mark.parametrize("parameters", [[], ["1", "2"]])
def test_parameters_must_be_as_many_as_question_marks(parameters: list[str]) -> None:
    access = MemoryAccess()
    access.create("t")
    with pytest.raises(StatementError, match="takes 1 parameters"):
        access.rows("SELECT * FROM t WHERE a = ?", *parameters)


def test_a_value_nested_too_deeply_to_compare() -> None:
    access = MemoryAccess()
    deep = "[" * 900 + "]" * 900
    with pytest.raises(StatementError, match="nested too deeply"):
        access.rows("SELECT * FROM <<1>> AS x WHERE ? = ?", deep, deep)


def test_a_join_that_would_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "statement_rows_max", 10_000)
    access = MemoryAccess()
    many = "[" + "1," * 99 + "1]"
    assert access.run("SELECT COUNT(*) FROM ? AS a, ? AS b", many, "[1, 2]") == ["{_1:200}"]
    for statement in (
        "SELECT COUNT(*) FROM ? AS a, ? AS b, ? AS c",
        "SELECT (SELECT COUNT(*) FROM ? AS a, ? AS b) FROM ? AS c",
    ):
        with pytest.raises(LimitExceededError, match="more than 10000 rows"):
            access.rows(statement, many, many, many)
