"""Queries: statements to rows."""

import pytest

from tests.runtime.ledger.partiql.memory_access import MemoryAccess

PEOPLE = (
    '{name: "Ann", age: 30, city: "Rome", pets: [{kind: "cat", toys: ["ball", "mouse"]}]}',
    '{name: "Bob", age: 41, city: null, pets: []}',
    '{name: "Cid", city: "Oslo", pets: [{kind: "dog"}, {kind: "cat", toys: []}]}',
)
CITIES = ('{name: "Rome", country: it}', '{name: "Oslo", country: no}')


@pytest.fixture
def access() -> MemoryAccess:
    made = MemoryAccess()
    made.create("People", *PEOPLE, index=["name"])
    made.create("Cities", *CITIES, index=["name"])
    return made


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT name FROM People", ['{name:"Ann"}', '{name:"Bob"}', '{name:"Cid"}']),
        ("select p.age from People as p", ["{age:30}", "{age:41}", "{}"]),
        ("SELECT VALUE p.age FROM People p", ["30", "41"]),
        ("SELECT VALUE p.name FROM People AS p WHERE p.age IS MISSING", ['"Cid"']),
        ("SELECT VALUE name FROM People WHERE city IS NULL", ['"Bob"']),
        ("SELECT VALUE name FROM People WHERE age IS NULL", ['"Cid"']),
        ("SELECT VALUE name FROM People WHERE NOT city = 'Rome'", ['"Cid"']),
        ("SELECT VALUE name FROM People WHERE age > 30 OR city = 'Oslo'", ['"Bob"', '"Cid"']),
        ("SELECT VALUE name FROM People WHERE age <> 30", ['"Bob"']),
        ("SELECT VALUE P.name FROM People AS p WHERE P.age = 30", ['"Ann"']),
        ("SELECT p.name AS n, 1, p.age + 1 AS next FROM People AS p WHERE p.age = 30",
         ['{n:"Ann",_2:1,next:31}']),
        ("SELECT p.name n FROM People p WHERE age = 30", ['{n:"Ann"}']),
        ("SELECT p['name'], p.pets[0].kind, p.pets[0]['toys'][1] FROM People p WHERE age = 30",
         ['{name:"Ann",kind:"cat",_3:"mouse"}']),
        ("SELECT * FROM Cities AS c WHERE c.name = 'Rome'", ['{name:"Rome",country:it}']),
        ("SELECT c.*, 1 AS one FROM Cities AS c WHERE c.name = 'Rome'",
         ['{name:"Rome",country:it,one:1}']),
        ("SELECT * FROM <<1, {'a': 2}>>", ["{_1:1}", "{a:2}"]),
        ("SELECT * FROM <<1>> AS x, [{'a': 2}] AS y", ["{x:1,a:2}"]),
        ("SELECT VALUE x FROM <<1, NULL, MISSING>> AS x", ["1", "null"]),
        ("SELECT VALUE x FROM 5 AS x", ["5"]),
        ("SELECT VALUE x FROM NULL AS x", []),
        ("SELECT x, i FROM ['a', 'b'] AS x AT i", ['{x:"a",i:0}', '{x:"b",i:1}']),
        ("SELECT x, i FROM <<'a'>> AS x AT i", ['{x:"a"}']),
        ("SELECT p.name, i FROM People AS p AT i WHERE p.age = 30", ['{name:"Ann"}']),
        ("SELECT p.name FROM People AS p AT i WHERE i >= 0", []),
        ("SELECT VALUE {'n': p.name, 'a': p.age} FROM People p",
         ['{n:"Ann",a:30}', '{n:"Bob",a:41}', '{n:"Cid"}']),
        ("SELECT VALUE [p.name, p.age] FROM People p", ['["Ann",30]', '["Bob",41]', '["Cid"]']),
        ("SELECT VALUE <<p.age>> FROM People p WHERE p.age = 30", ["[30]"]),
        # Joins
        ("SELECT p.name, c.country FROM People AS p, Cities AS c WHERE p.city = c.name",
         ['{name:"Ann",country:it}', '{name:"Cid",country:no}']),
        ("SELECT p.name, c.country FROM People p JOIN Cities c ON p.city = c.name",
         ['{name:"Ann",country:it}', '{name:"Cid",country:no}']),
        ("SELECT p.name FROM People p INNER JOIN Cities c ON p.city = c.name WHERE country = 'no'",
         ['{name:"Cid"}']),
        ("SELECT COUNT(*) AS n FROM Cities a CROSS JOIN Cities b", ["{n:4}"]),
        ("SELECT COUNT(*) AS n FROM Cities, Cities, Cities", ["{n:8}"]),
        # Nested collections
        ("SELECT p.name, t.kind FROM People AS p, @p.pets AS t",
         ['{name:"Ann",kind:"cat"}', '{name:"Cid",kind:"dog"}', '{name:"Cid",kind:"cat"}']),
        ("SELECT t.kind, i, y FROM People AS p, p.pets AS t AT i, t.toys AS y",
         ['{kind:"cat",i:0,y:"ball"}', '{kind:"cat",i:0,y:"mouse"}']),
        ("SELECT VALUE t FROM People AS p, p.pets AS l, @l.toys AS t WHERE t LIKE 'b%'",
         ['"ball"']),
        ("SELECT VALUE x FROM [[1, 2], [3]] AS l, l AS x", ["1", "2", "3"]),
        ("SELECT VALUE p.pets[*].kind FROM People AS p", ['["cat"]', "[]", '["dog","cat"]']),
        ("SELECT VALUE c.* FROM Cities AS c", ['["Rome",it]', '["Oslo",no]']),
        ("SELECT VALUE p.pets[*].toys[*] FROM People AS p WHERE p.age = 30", ['["ball","mouse"]']),
        # Aggregates
        ("SELECT COUNT(*) FROM People WHERE name = 'Zoe'", ["{_1:0}"]),
        ("SELECT COUNT(*), COUNT(age), SUM(age), MIN(age), MAX(age), AVG(age) FROM People",
         ["{_1:3,_2:2,_3:71,_4:30,_5:41,_6:35.5}"]),
        ("SELECT SUM(age), AVG(age), MIN(age) FROM People WHERE age > 100",
         ["{_1:null,_2:null,_3:null}"]),
        ("SELECT SUM(age) + 1 AS s, 'x' AS x FROM People", ['{s:72,x:"x"}']),
        ("SELECT SUM(x) FROM <<1, 2.50, 3>> AS x", ["{_1:6.50}"]),
        ("SELECT SUM(x), AVG(x) FROM <<`1e0`, 2>> AS x", ["{_1:3e+0,_2:1.5}"]),
        ("SELECT MIN(x), MAX(x) FROM <<'b', 'a', NULL>> AS x", ['{_1:"a",_2:"b"}']),
        # Sub-selects
        ("SELECT VALUE s.n FROM (SELECT p.name AS n FROM People p WHERE age > 0) AS s",
         ['"Ann"', '"Bob"']),
        ("SELECT VALUE name FROM People p WHERE EXISTS(SELECT 1 FROM p.pets AS t)",
         ['"Ann"', '"Cid"']),
        ("SELECT VALUE name FROM People WHERE city IN (SELECT name FROM Cities)",
         ['"Ann"', '"Cid"']),
        ("SELECT VALUE name FROM People WHERE city IN (SELECT VALUE c.name FROM Cities c)",
         ['"Ann"', '"Cid"']),
        ("SELECT VALUE name FROM People WHERE age = (SELECT MAX(age) FROM People)", ['"Bob"']),
        ("SELECT VALUE (SELECT VALUE c.name FROM Cities c) FROM <<0>>", ['["Rome","Oslo"]']),
        ("SELECT (SELECT MAX(x) FROM << 1, 2 >> AS x) AS m FROM <<0>>", ["{m:2}"]),
        ("SELECT p.name, s.y FROM People p, (SELECT t.kind AS y FROM p.pets t) AS s WHERE age = 30",
         ['{name:"Ann",y:"cat"}']),
        # Conditions
        ("SELECT VALUE name FROM People WHERE age BETWEEN 30 AND 40", ['"Ann"']),
        ("SELECT VALUE name FROM People WHERE age NOT BETWEEN 30 AND 40", ['"Bob"']),
        ("SELECT VALUE name FROM People WHERE name NOT IN ('Ann', 'Bob')", ['"Cid"']),
        ("SELECT VALUE name FROM People WHERE age IN (30, NULL)", ['"Ann"']),
        ("SELECT VALUE name FROM People WHERE age NOT IN (30, NULL)", []),
        ("SELECT VALUE name FROM People WHERE name LIKE '_i%'", ['"Cid"']),
        ("SELECT VALUE name FROM People WHERE city = NULL", []),
        ("SELECT VALUE name FROM People WHERE nothing", []),
        ("SELECT VALUE name FROM People WHERE TRUE AND NOT FALSE", ['"Ann"', '"Bob"', '"Cid"']),
        ("SELECT VALUE name FROM People ;", ['"Ann"', '"Bob"', '"Cid"']),
        ("SELECT VALUE name FROM People -- all of them", ['"Ann"', '"Bob"', '"Cid"']),
    ],
)  # fmt: skip
def test_rows(access: MemoryAccess, statement: str, rows: list[str]) -> None:
    assert access.run(statement) == rows


def test_parameters_stand_in_the_order_of_the_text(access: MemoryAccess) -> None:
    rows = access.run("SELECT ? AS a, ? AS b FROM People WHERE name = ?", "1", "2", '"Ann"')
    assert rows == ["{a:1,b:2}"]


def test_a_query_reads_as_its_rows_are_taken(access: MemoryAccess) -> None:
    from runtime.ledger.partiql.statement import prepare

    rows = prepare("SELECT * FROM People").run(access, [])
    assert access.reads == []
    assert next(rows)["name"] == "Ann"
    assert access.reads == [("scan", "People")]


def test_the_committed_view_shows_revisions(access: MemoryAccess) -> None:
    (row,) = access.rows("SELECT * FROM _ql_committed_People AS c WHERE c.data.name = 'Bob'")
    assert list(row) == ["blockAddress", "hash", "data", "metadata"]
    assert row["metadata"]["version"] == 0
    statement = "SELECT VALUE metadata.version FROM _ql_committed_People WHERE data.name = 'Bob'"
    assert access.run(statement) == ["0"]


def test_history_shows_every_revision(access: MemoryAccess) -> None:
    access.run("UPDATE People SET age = 31 WHERE name = 'Ann'")
    access.run("DELETE FROM People WHERE name = 'Ann'")
    rows = access.run(
        "SELECT h.metadata.version AS v, h.data.age FROM history(People) AS h"
        " WHERE h.metadata.id = 'document3'"
    )
    assert rows == ["{v:0,age:30}", "{v:1,age:31}", "{v:2}"]
    by_id = access.run("SELECT COUNT(*) FROM history('table1', `2020T`) AS h")
    assert by_id == ["{_1:5}"]


def test_the_list_of_tables(access: MemoryAccess) -> None:
    statement = "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'"
    assert access.run(statement) == ['"People"', '"Cities"']
    access.run("DROP TABLE People")
    assert access.run(statement) == ['"Cities"']
    rows = access.run("SELECT t.name, t.indexes[0].expr FROM information_schema.user_tables AS t")
    assert rows == ['{name:"People",expr:"[name]"}', '{name:"Cities",expr:"[name]"}']


def test_by_gives_the_document_id(access: MemoryAccess) -> None:
    assert access.run("SELECT id FROM Cities BY id WHERE name = 'Oslo'") == ['{id:"document9"}']
    assert access.run("SELECT * FROM Cities AS c BY id WHERE id = 'document9'") == [
        '{name:"Oslo",country:no}'
    ]
