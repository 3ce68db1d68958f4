"""INSERT, UPDATE, DELETE and FROM with an operation: what becomes of the documents."""

import pytest

from runtime.ledger.errors import StatementError
from tests.runtime.ledger.partiql.memory_access import MemoryAccess

CAR = (
    '{vin: "v1", colour: red, owners: {first: "a", others: [{id: "b"}, {id: "c"}, {id: "d"}]},'
    " price: 10.50}"
)
OTHER = '{vin: "v2", colour: "blue", owners: {first: "e", others: []}}'


@pytest.fixture
def access() -> MemoryAccess:
    made = MemoryAccess()
    made.create("Cars", CAR, OTHER, index=["vin"])
    return made


def contents(access: MemoryAccess) -> list[str]:
    return access.run("SELECT * FROM Cars")


@pytest.mark.parametrize(
    ("statement", "parameters", "contents"),
    [
        ("INSERT INTO T VALUE {'a': 1}", [], ["{a:1}"]),
        ("INSERT INTO T {'a': 1, 'b': MISSING}", [], ["{a:1}"]),
        ("INSERT INTO T VALUE ?", ["{a: 1.50}"], ["{a:1.50}"]),
        ("INSERT INTO T ?", ["{a: 1}"], ["{a:1}"]),
        ("INSERT INTO T ?", ["[{a: 1}, x::{a: 2}]"], ["{a:1}", "{a:2}"]),
        ("INSERT INTO T << {'a': 1}, ?, `{a: 3}` >>", ["{a: 2}"], ["{a:1}", "{a:2}", "{a:3}"]),
        ("INSERT INTO T <<?, ?>>", ["{a: 1}", "{a: 2}"], ["{a:1}", "{a:2}"]),
        ("INSERT INTO T [ {'a': ?} ]", ["x::y"], ["{a:x::y}"]),
        ("INSERT INTO T `{a: 1, a: 2}`", [], ["{a:1,a:2}"]),
        ("INSERT INTO \"T\" (SELECT VALUE {'v': vin} FROM Cars)", [], ['{v:"v1"}', '{v:"v2"}']),
    ],
)  # fmt: skip
def test_insert(
    access: MemoryAccess, statement: str, parameters: list[str], contents: list[str]
) -> None:
    access.create("T")
    rows = access.rows(statement, *parameters)
    assert access.run("SELECT * FROM T") == contents
    ids = access.rows("SELECT VALUE id FROM T BY id")
    assert [dict(row) for row in rows] == [{"documentId": found} for found in ids]


@pytest.mark.parametrize(
    ("statement", "car"),
    [
        ("UPDATE Cars SET colour = 'green' WHERE vin = 'v1'",
         ('{vin:"v1",colour:"green",owners:{first:"a",others:[{id:"b"},{id:"c"},{id:"d"}]},'
         "price:10.50}")),
        ("UPDATE Cars AS c SET c = {'vin': 'v1'} WHERE c.vin = 'v1'", '{vin:"v1"}'),
        ("UPDATE Cars AS c SET c = `{n: null.int}` WHERE c.vin = 'v1'", "{n:null.int}"),
        (("UPDATE Cars AS c BY id SET c.a.b.c = 1, c.owners = 2, c.colour = NULL"
         " WHERE id = 'document3'"),
         '{vin:"v1",colour:null,owners:2,price:10.50,a:{b:{c:1}}}'),
        ("UPDATE Cars AS c SET c.price = c.price * 2, c.owners = c.price WHERE c.vin = 'v1'",
         '{vin:"v1",colour:red,owners:10.50,price:21.00}'),
        (("UPDATE Cars AS c SET c.owners.others[1].id = 'x', c.owners.others[3] = 'new', "
         "c['price'] = 1 WHERE c.vin = 'v1'"),
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"x"},{id:"d"},"new"]},'
         "price:1}")),
        ("UPDATE Cars AS c SET c.owners = MISSING, c.price = 1 WHERE c.vin = 'v1'",
         '{vin:"v1",colour:red,price:1}'),
        ("UPDATE Cars AS c REMOVE c.owners WHERE c.vin = 'v1'",
         '{vin:"v1",colour:red,price:10.50}'),
        ("FROM Cars AS c WHERE c.vin = 'v1' REMOVE c.owners.others[0]",
         '{vin:"v1",colour:red,owners:{first:"a",others:[{id:"c"},{id:"d"}]},price:10.50}'),
        ("FROM Cars AS c WHERE c.vin = 'v1' REMOVE c.nothing.there.at_all",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"c"},{id:"d"}]},'
         "price:10.50}")),
        ("FROM Cars AS c WHERE c.vin = 'v1' SET c.owners = 1, c.colour = `x::1.0`",
         '{vin:"v1",colour:x::1.0,owners:1,price:10.50}'),
        ("FROM Cars AS c WHERE c.vin = 'v1' INSERT INTO c.owners.others VALUE 'z'",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"c"},{id:"d"},"z"]},'
         "price:10.50}")),
        ("UPDATE Cars AS c INSERT INTO c.owners.others VALUE 'z' AT 1 WHERE c.vin = 'v1'",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},"z",{id:"c"},{id:"d"}]},'
         "price:10.50}")),
        ("FROM Cars AS c WHERE c.vin = 'v1' INSERT INTO c.owners VALUE 1 AT 'second'",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"c"},{id:"d"}],second:1},'
         "price:10.50}")),
        ("FROM Cars AS c WHERE c.vin = 'v1' INSERT INTO c VALUE 1 AT 'second'",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"c"},{id:"d"}]},'
         "price:10.50,second:1}")),
        # The elements of a nested list
        ("FROM Cars AS c, @c.owners.others AS o WHERE o.id <> 'c' REMOVE o",
         '{vin:"v1",colour:red,owners:{first:"a",others:[{id:"c"}]},price:10.50}'),
        ("FROM Cars AS c, c.owners.others AS o AT i WHERE i > 0 SET o.n = i, o.id = 'x'",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"x",n:1},{id:"x",n:2}]},'
         "price:10.50}")),
        ("FROM Cars AS c, c.owners.others AS o WHERE o.id = 'd' INSERT INTO o VALUE 1 AT 'n'",
         ('{vin:"v1",colour:red,owners:{first:"a",others:[{id:"b"},{id:"c"},{id:"d",n:1}]},'
         "price:10.50}")),
    ],
)  # fmt: skip
def test_a_document_changes(access: MemoryAccess, statement: str, car: str) -> None:
    rows = access.run(statement)
    assert contents(access)[0] == car
    assert contents(access)[1] == OTHER.replace(": ", ":").replace(", ", ",")
    assert rows == ['{documentId:"document3"}']
    assert len(access.tables["Cars"].documents["document3"]) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM Cars WHERE vin = 'v1'",
        "DELETE FROM Cars AS c BY id WHERE id = 'document3'",
        "FROM Cars WHERE vin = 'v1' DELETE",
        "FROM Cars AS c BY id WHERE c.vin = 'v1' DELETE c",
        "FROM Cars AS c, c.owners.others AS o WHERE o.id = 'b' DELETE",
        "FROM Cars AS c WHERE c.vin = 'v1' REMOVE c",
        "UPDATE Cars AS c REMOVE c WHERE c.vin = 'v1'",
        "FROM Cars AS c, c.owners.others AS o REMOVE c",
    ],
)
def test_a_document_is_deleted(access: MemoryAccess, statement: str) -> None:
    assert access.run(statement) == ['{documentId:"document3"}']
    assert contents(access) == [OTHER.replace(": ", ":").replace(", ", ",")]


def test_without_where_every_document_changes(access: MemoryAccess) -> None:
    rows = access.run("UPDATE Cars SET n = 1")
    assert rows == ['{documentId:"document3"}', '{documentId:"document4"}']
    assert access.run("SELECT VALUE n FROM Cars") == ["1", "1"]
    assert len(access.run("DELETE FROM Cars")) == 2
    assert contents(access) == []


def test_what_nothing_matches_changes_nothing(access: MemoryAccess) -> None:
    assert access.run("DELETE FROM Cars WHERE vin = 'v9'") == []
    assert access.run("UPDATE Cars SET n = 1 WHERE vin = 'v9'") == []
    assert access.run("INSERT INTO Cars <<>>") == []
    assert len(contents(access)) == 2


def test_a_change_joins_another_table(access: MemoryAccess) -> None:
    access.create("Paint", '{vin: "v2", colour: "gold"}')
    access.run("FROM Cars AS c, Paint AS p WHERE c.vin = p.vin SET c.colour = p.colour")
    assert access.run("SELECT VALUE colour FROM Cars") == ["red", '"gold"']


def test_annotations_around_a_change_are_kept(access: MemoryAccess) -> None:
    access.create("T", "a::{b: c::{d: e::[1, 2], f: g::(x y)}}")
    access.run("UPDATE T AS t SET t.b.d[0] = `h::5`, t.b.f[1] = 1")
    (row,) = access.run("SELECT VALUE t FROM T AS t")
    assert row == "a::{b:c::{d:e::[h::5,2],f:g::(x 1)}}"


def test_a_field_given_twice_becomes_one_when_it_is_set(access: MemoryAccess) -> None:
    access.create("T", "{a: 1, b: 2, a: 3}")
    access.run("UPDATE T SET b = 4")
    assert access.run("SELECT * FROM T") == ["{a:1,a:3,b:4}"]
    access.run("UPDATE T SET a = 5")
    assert access.run("SELECT * FROM T") == ["{a:5,b:4}"]


def test_a_change_is_made_before_its_rows_are_taken(access: MemoryAccess) -> None:
    from runtime.ledger.partiql.statement import prepare

    prepare("DELETE FROM Cars").run(access, [])
    assert contents(access) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE Cars SET owners.others[9] = 1 WHERE vin = 'v1'",
         "line 1, column 13: position 9 is beyond the end of a list of 3"),
        ("UPDATE Cars SET vin.x = 1 WHERE vin = 'v1'",
         "line 1, column 13: field x cannot be set in what is no struct"),
        ("UPDATE Cars SET vin[0] = 1 WHERE vin = 'v1'",
         "line 1, column 13: there is no list to put a value into"),
        ("UPDATE Cars AS c SET c = 5", "line 1, column 18: a document is a struct, not a number"),
        ("UPDATE Cars SET owners[TRUE] = 5",
         "line 1, column 23: an index is an int or a name, not a bool"),
        ("UPDATE Cars AS c INSERT INTO c.owners VALUE 1",
         "line 1, column 18: a struct takes a new field only AT its name"),
        ("UPDATE Cars AS c INSERT INTO c.owners VALUE 1 AT 'first'",
         "line 1, column 18: there is a field first already: SET changes it"),
        ("UPDATE Cars AS c INSERT INTO c.owners.others VALUE 1 AT 'x'",
         "line 1, column 18: field x can be inserted into a struct only"),
        ("UPDATE Cars AS c INSERT INTO c.owners.others VALUE 1 AT 4",
         "line 1, column 18: position 4 is beyond the end of a list of 3"),
        ("UPDATE Cars AS c INSERT INTO c.nothing VALUE 1",
         "line 1, column 18: there is no list to put a value into"),
        ("UPDATE Cars AS c INSERT INTO c.owners.others VALUE 1 AT NULL",
         "line 1, column 57: AT takes a position or the name of a field"),
        ("INSERT INTO Cars VALUE 5", "line 1, column 24: a document is a struct, not a number"),
        ("INSERT INTO Cars <<{'a': 1}, [1]>>",
         "line 1, column 18: a document is a struct, not a list"),
        ("INSERT INTO Cars VALUE [{'a': 1}]",
         "line 1, column 24: a document is a struct, not a list"),
        ("INSERT INTO Cars NULL", "line 1, column 18: a document is a struct, not a null"),
        ("DELETE FROM _ql_committed_Cars",
         "line 1, column 1: only a table itself can be changed, not a view of it"),
        ("UPDATE _ql_committed_Cars AS c SET c.data = 1",
         "line 1, column 32: only a table itself can be changed, not a view of it"),
        ("FROM <<1>> AS x SET x = 2",
         "line 1, column 17: only a table itself can be changed, not a view of it"),
        ("FROM history(Cars) AS h REMOVE h",
         "line 1, column 25: only a table itself can be changed, not a view of it"),
        ("FROM Cars AS c, Cars AS d SET c.a = 1, d.a = 2",
         "line 1, column 40: one statement changes the documents of one table"),
        ("FROM Cars AS c, Cars AS d SET x.a = 1",
         "line 1, column 31: there is no variable x to change"),
        ("UPDATE Cars AS c BY id SET id = 'x'",
         "line 1, column 28: id is no document of a table, it cannot change"),
        ("UPDATE Cars AS c SET c.owners.*.x = 1", None),
        ("UPDATE Cars AS c SET c.owners[*] = 1", "line 1, column 31: * names no single place"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_made(
    access: MemoryAccess, statement: str, message: str | None
) -> None:
    before = contents(access)
    with pytest.raises(StatementError) as refused:
        access.rows(statement)
    if message is not None:
        assert str(refused.value).startswith(f"Semantic Error: at {message}")
    assert contents(access) == before
