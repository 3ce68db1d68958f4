"""What a plan asks storage for: by id, by index, or everything."""

from typing import Any

import pytest

from tests.runtime.ledger.partiql.memory_access import MemoryAccess

DOCUMENTS = tuple(f'{{n: {n}, kind: "{"even" if n % 2 == 0 else "odd"}"}}' for n in range(6))


@pytest.fixture
def access() -> MemoryAccess:
    made = MemoryAccess()
    made.create("T", *DOCUMENTS, index=["kind", "n"])
    made.create("U", "{kind: even, r: 1}", "{kind: odd, r: 2}", index=["kind"])
    return made


@pytest.mark.parametrize(
    ("statement", "parameters", "reads"),
    [
        # By document id
        ("SELECT * FROM T BY id WHERE id = ?", ['"document4"'], [("document", "T", "document4")]),
        ("SELECT * FROM T BY id WHERE ? = id", ['"document4"'], [("document", "T", "document4")]),
        ("SELECT * FROM T BY id WHERE id IN (?, 'x')", ['"a"'], [("document", "T", "a", "x")]),
        ("SELECT * FROM T BY id WHERE id IN (?)", ['"a"'], [("document", "T", "a")]),
        ("SELECT * FROM T BY id WHERE id IN ?", ['["a", "b", 3]'], [("document", "T", "a", "b")]),
        ("SELECT * FROM T BY id WHERE id = 'a' AND kind = 'odd'", [], [("document", "T", "a")]),
        ("SELECT * FROM T BY id WHERE kind = 'odd' AND (id = 'a')", [], [("document", "T", "a")]),
        ("SELECT * FROM T BY id WHERE id = ?", ["5"], [("document", "T")]),
        ("SELECT * FROM _ql_committed_T AS c BY id WHERE id = 'a'", [], [("document", "T", "a")]),
        ("SELECT * FROM _ql_committed_T AS c WHERE c.metadata.id = 'a'", [],
         [("document", "T", "a")]),
        ("SELECT * FROM _ql_committed_T WHERE metadata.id IN ('a')", [], [("document", "T", "a")]),
        ("UPDATE T AS t BY id SET t.n = 1 WHERE id = 'a'", [], [("document", "T", "a")]),
        ("DELETE FROM T BY id WHERE id = 'a'", [], [("document", "T", "a")]),
        ("FROM T AS t BY id WHERE id = 'a' REMOVE t.n", [], [("document", "T", "a")]),
        # By index
        ("SELECT * FROM T WHERE kind = 'odd'", [], [("index", "T", "kind", '"odd"')]),
        ("SELECT * FROM T AS t WHERE t.kind = ?", ["odd"], [("index", "T", "kind", "odd")]),
        ("SELECT * FROM T AS t WHERE t['kind'] = 'odd'", [], [("index", "T", "kind", '"odd"')]),
        ("SELECT * FROM T AS t WHERE t.\"kind\" = 'odd'", [], [("index", "T", "kind", '"odd"')]),
        ("SELECT * FROM T WHERE kind IN ('odd', 'even')", [],
         [("index", "T", "kind", '"odd"', '"even"')]),
        ("SELECT * FROM T AS t WHERE (t.kind = 'odd' AND t.n > 2) AND TRUE", [],
         [("index", "T", "kind", '"odd"')]),
        ("SELECT * FROM T WHERE n = 1.0 AND kind = 'odd'", [], [("index", "T", "n", "1.0")]),
        ("SELECT * FROM T WHERE kind = ?", ["null"], [("index", "T", "kind")]),
        ("SELECT * FROM _ql_committed_T AS c WHERE c.data.kind = 'odd'", [],
         [("index", "T", "kind", '"odd"')]),
        ("UPDATE T SET n = 1 WHERE kind = 'none'", [], [("index", "T", "kind", '"none"')]),
        # Everything
        ("SELECT * FROM T", [], [("scan", "T")]),
        ("SELECT * FROM T WHERE kind = 'odd' OR n = 1", [], [("scan", "T")]),
        ("SELECT * FROM T WHERE NOT kind = 'odd'", [], [("scan", "T")]),
        ("SELECT * FROM T WHERE kind <> 'odd'", [], [("scan", "T")]),
        ("SELECT * FROM T WHERE n > 3", [], [("scan", "T")]),
        ("SELECT * FROM T WHERE Kind = 'odd'", [], [("scan", "T")]),
        ("SELECT * FROM T AS t WHERE t.kind = t.n", [], [("scan", "T")]),
        ("SELECT * FROM T AS t WHERE t.kind.x = 1", [], [("scan", "T")]),
        ("SELECT * FROM _ql_committed_T AS c WHERE c.kind = 'odd'", [], [("scan", "T")]),
        # History
        ("SELECT * FROM history(T) AS h WHERE h.metadata.id = ?", ['"a"'],
         [("history", "T", None, None, ["a"])]),
        ("SELECT * FROM history(T) WHERE metadata.id IN ('a', 'b')", [],
         [("history", "T", None, None, ["a", "b"])]),
        ("SELECT * FROM history(T) AS h WHERE h.metadata.version = 0", [],
         [("history", "T", None, None, None)]),
    ],
)  # fmt: skip
def test_reads(
    access: MemoryAccess, statement: str, parameters: list[str], reads: list[tuple[Any, ...]]
) -> None:
    access.rows(statement, *parameters)
    assert access.reads == reads


def test_a_join_looks_the_inner_table_up_by_the_outer_row(access: MemoryAccess) -> None:
    rows = access.run("SELECT COUNT(*) AS n FROM U AS u, T AS t WHERE t.kind = u.kind")
    assert rows == ["{n:6}"]
    assert access.reads == [
        ("scan", "U"),
        ("index", "T", "kind", "even"),
        ("index", "T", "kind", "odd"),
    ]


def test_a_condition_on_the_outer_row_spares_the_inner_table(access: MemoryAccess) -> None:
    access.run("SELECT * FROM U AS u, T AS t WHERE u.kind = 'even' AND t.n = u.r AND u.r > 1")
    assert access.reads == [("index", "U", "kind", '"even"')]


def test_a_sub_select_uses_its_own_index_by_the_row_around_it(access: MemoryAccess) -> None:
    statement = (
        "SELECT VALUE u.r FROM U AS u WHERE EXISTS("
        "SELECT 1 FROM T AS t WHERE t.kind = u.kind AND t.n = 5)"
    )
    assert access.run(statement) == ["2"]
    assert access.reads[1:] == [("index", "T", "kind", "even"), ("index", "T", "kind", "odd")]


def test_a_lookup_never_changes_the_rows(access: MemoryAccess) -> None:
    narrowed = access.run("SELECT * FROM T AS t BY id WHERE id = 'document4' AND t.n = 99")
    assert narrowed == []
    by_index = access.run("SELECT VALUE n FROM T WHERE kind = 'odd' AND kind = 'even'")
    assert by_index == []
    assert access.run("SELECT VALUE n FROM T WHERE n = 3.00") == ["3"]


def test_dropping_an_index_makes_the_same_statement_scan(access: MemoryAccess) -> None:
    statement = "SELECT VALUE n FROM T WHERE kind = 'odd'"
    rows = access.run(statement)
    index = access.table("T").indexes[0]
    access.run(f'DROP INDEX "{index.index_id}" ON T WITH (purge = true)')
    access.reads.clear()
    assert access.run(statement) == rows
    assert access.reads == [("scan", "T")]


def test_the_times_of_history_are_handed_on(access: MemoryAccess) -> None:
    access.run("SELECT * FROM history(T, `2020-01-01T00:00Z`, ?) AS h", "2021-01-01T00:00:00.000Z")
    ((_, name, start, end, ids),) = access.reads
    assert (name, start.isoformat(), end.isoformat(), ids) == (
        "T",
        "2020-01-01T00:00:00+00:00",
        "2021-01-01T00:00:00+00:00",
        None,
    )
