"""The syntax tree of statements and their clauses."""

from dataclasses import dataclass

from runtime.ledger.partiql.terms import Expression, Name, Node, Step, Variable


@dataclass(frozen=True, slots=True)
class Item(Node):
    """One projected expression and the name it is given, if any."""

    expression: Expression
    name: Name | None


@dataclass(frozen=True, slots=True)
class ProjectAll(Node):
    """SELECT *."""


@dataclass(frozen=True, slots=True)
class ProjectValue(Node):
    """SELECT VALUE expression."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class ProjectItems(Node):
    """SELECT item, …."""

    items: tuple[Item, ...]


Projection = ProjectAll | ProjectValue | ProjectItems


@dataclass(frozen=True, slots=True)
class Source(Node):
    """expression AS alias AT position BY identity."""

    expression: Expression
    alias: Name | None
    position: Name | None
    identity: Name | None


@dataclass(frozen=True, slots=True)
class Sources(Node):
    """What FROM ranges over, and the ON conditions of its joins."""

    sources: tuple[Source, ...]
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Select(Node):
    """A query."""

    projection: Projection
    sources: Sources
    where: Expression | None

    @property
    def single_column(self) -> bool:
        """Whether each row is a struct of one projected expression."""
        return isinstance(self.projection, ProjectItems) and len(self.projection.items) == 1


@dataclass(frozen=True, slots=True)
class Target(Node):
    """A variable with steps, to be written to."""

    root: Variable
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """target = value."""

    target: Target
    value: Expression


@dataclass(frozen=True, slots=True)
class SetPaths(Node):
    """SET target = value, …."""

    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Remove(Node):
    """REMOVE target."""

    target: Target


@dataclass(frozen=True, slots=True)
class InsertInto(Node):
    """INSERT INTO target VALUE value [AT position]."""

    target: Target
    value: Expression
    position: Expression | None


@dataclass(frozen=True, slots=True)
class DeleteDocument(Node):
    """DELETE: the documents of the first source."""


Operation = SetPaths | Remove | InsertInto | DeleteDocument


@dataclass(frozen=True, slots=True)
class Change(Node):
    """FROM … WHERE … operation, and UPDATE and DELETE, which mean the same."""

    sources: Sources
    where: Expression | None
    operation: Operation


@dataclass(frozen=True, slots=True)
class Insert(Node):
    """INSERT INTO table; `single` when written with VALUE."""

    table: Name
    value: Expression
    single: bool


@dataclass(frozen=True, slots=True)
class Option(Node):
    """WITH (name = value)."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class CreateTable(Node):
    """CREATE TABLE name."""

    name: Name
    option: Option | None


@dataclass(frozen=True, slots=True)
class DropTable(Node):
    """DROP TABLE name."""

    name: Name


@dataclass(frozen=True, slots=True)
class UndropTable(Node):
    """UNDROP TABLE "id"."""

    table_id: Name


@dataclass(frozen=True, slots=True)
class CreateIndex(Node):
    """CREATE INDEX ON table (field)."""

    table: Name
    field: Target


@dataclass(frozen=True, slots=True)
class DropIndex(Node):
    """DROP INDEX "id" ON table WITH (purge = true)."""

    index_id: Name
    table: Name
    option: Option | None


@dataclass(frozen=True, slots=True)
class Execute(Node):
    """EXEC procedure argument, …."""

    procedure: Name
    arguments: tuple[Expression, ...]


Statement = (
    Select
    | Change
    | Insert
    | CreateTable
    | DropTable
    | UndropTable
    | CreateIndex
    | DropIndex
    | Execute
)
