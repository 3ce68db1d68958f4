"""The nodes of statements, made as the parser recognizes them."""

from typing import Any

from runtime.ledger.partiql import clauses, terms
from runtime.ledger.partiql.term_builder import Children, TermBuilder


class Builder(TermBuilder):
    """All actions of the grammar: those of statements here, those of expressions inherited."""

    def case(self, children: Children) -> terms.Case:
        otherwise = children[3] if len(children) > 3 else None
        return terms.Case(children[0].at, None, tuple(children[1]), otherwise)

    def case_of(self, children: Children) -> terms.Case:
        otherwise = children[4] if len(children) > 4 else None
        return terms.Case(children[0].at, children[1], tuple(children[2]), otherwise)

    def first_when(self, children: Children) -> list[terms.When]:
        return [terms.When(children[0].at, children[1], children[3])]

    def next_when(self, children: Children) -> list[terms.When]:
        children[0].append(terms.When(children[1].at, children[2], children[4]))
        return children[0]

    def cast(self, children: Children) -> terms.Cast:
        return terms.Cast(children[0].at, children[2], children[4])

    def kind(self, children: Children) -> terms.Kind:
        name = " ".join(token.text.upper() for token in children)
        return terms.Kind(children[0].at, name, ())

    def sized_kind(self, children: Children) -> terms.Kind:
        return terms.Kind(children[0].at, children[0].text.upper(), tuple(children[2]))

    def call(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, children[0].text.upper(), tuple(children[2]))

    def call_all(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, children[0].text.upper(), (), star=True)

    def exists(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, "EXISTS", (children[2],))

    def exists_select(self, children: Children) -> terms.Call:
        subquery = terms.Subquery(children[2].at, children[2])
        return terms.Call(children[0].at, "EXISTS", (subquery,))

    def extract(self, children: Children) -> terms.Call:
        part = terms.Variable(children[2].at, children[2].text, local=False)
        return terms.Call(children[0].at, "EXTRACT", (part, children[4]))

    def substring(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, "SUBSTRING", tuple(children[2:-1:2]))

    def trim(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, "TRIM BOTH", (children[2],))

    def trim_of(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, "TRIM BOTH", (children[4], children[2]))

    def trim_side(self, children: Children) -> terms.Call:
        return terms.Call(children[0].at, f"TRIM {children[2].kind}", (children[4],))

    def trim_side_of(self, children: Children) -> terms.Call:
        name = f"TRIM {children[2].kind}"
        return terms.Call(children[0].at, name, (children[5], children[3]))

    def select(self, children: Children) -> clauses.Select:
        keyword, projection, _, sources, where = children
        return clauses.Select(keyword.at, projection, sources, where)

    def project_all(self, children: Children) -> clauses.ProjectAll:
        return clauses.ProjectAll(children[0].at)

    def project_value(self, children: Children) -> clauses.ProjectValue:
        return clauses.ProjectValue(children[0].at, children[1])

    def project_items(self, children: Children) -> clauses.ProjectItems:
        items = children[0]
        return clauses.ProjectItems(items[0].at, tuple(items))

    def item(self, children: Children) -> clauses.Item:
        return clauses.Item(children[0].at, children[0], None)

    def item_named(self, children: Children) -> clauses.Item:
        return clauses.Item(children[0].at, children[0], children[-1])

    item_as = item_named

    def from_all(self, children: Children) -> clauses.Sources:
        sources, conditions = children[0]
        return clauses.Sources(sources[0].at, tuple(sources), tuple(conditions))

    def first_source(self, children: Children) -> tuple[list[Any], list[Any]]:
        return [children[0]], []

    def cross_join(self, children: Children) -> tuple[list[Any], list[Any]]:
        children[0][0].append(children[-1])
        return children[0]

    def join(self, children: Children) -> tuple[list[Any], list[Any]]:
        sources, conditions = children[0]
        sources.append(children[-3])
        conditions.append(children[-1])
        return sources, conditions

    def source(self, children: Children) -> clauses.Source:
        return clauses.Source(children[0].at, *children)

    def target(self, children: Children) -> clauses.Source:
        name, alias, at, by = children
        table = terms.Variable(name.at, name.text, local=False)
        return clauses.Source(name.at, table, alias, at, by)

    def change(self, children: Children) -> clauses.Change:
        keyword, sources, where, operation = children
        return clauses.Change(keyword.at, sources, where, operation)

    def update(self, children: Children) -> clauses.Change:
        keyword, target, operation, where = children
        sources = clauses.Sources(target.at, (target,), ())
        return clauses.Change(keyword.at, sources, where, operation)

    def delete(self, children: Children) -> clauses.Change:
        keyword, _, target, where = children
        sources = clauses.Sources(target.at, (target,), ())
        return clauses.Change(keyword.at, sources, where, clauses.DeleteDocument(keyword.at))

    def set_paths(self, children: Children) -> clauses.SetPaths:
        return clauses.SetPaths(children[0].at, tuple(children[1]))

    def remove(self, children: Children) -> clauses.Remove:
        return clauses.Remove(children[0].at, children[1])

    def delete_documents(self, children: Children) -> clauses.DeleteDocument:
        return clauses.DeleteDocument(children[0].at)

    def insert_into(self, children: Children) -> clauses.InsertInto:
        position = children[6] if len(children) > 5 else None
        return clauses.InsertInto(children[0].at, children[2], children[4], position)

    def assignment(self, children: Children) -> clauses.Assignment:
        return clauses.Assignment(children[1].at, children[0], children[2])

    def path(self, children: Children) -> clauses.Target:
        place = children[0]
        if isinstance(place, terms.Path):
            root: Any = place.root
            return clauses.Target(place.at, root, place.steps)
        return clauses.Target(place.at, place, ())

    def insert(self, children: Children) -> clauses.Insert:
        return clauses.Insert(children[0].at, children[2], children[3], single=False)

    def insert_value(self, children: Children) -> clauses.Insert:
        return clauses.Insert(children[0].at, children[2], children[4], single=True)

    def create_table(self, children: Children) -> clauses.CreateTable:
        return clauses.CreateTable(children[0].at, children[2], self._option(children))

    def drop_table(self, children: Children) -> clauses.DropTable:
        return clauses.DropTable(children[0].at, children[2])

    def undrop_table(self, children: Children) -> clauses.UndropTable:
        return clauses.UndropTable(children[0].at, children[2])

    def create_index(self, children: Children) -> clauses.CreateIndex:
        return clauses.CreateIndex(children[0].at, children[3], children[5])

    def drop_index(self, children: Children) -> clauses.DropIndex:
        return clauses.DropIndex(children[0].at, children[2], children[4], self._option(children))

    def option(self, children: Children) -> clauses.Option:
        return clauses.Option(children[0].at, children[0], children[2])

    def execute(self, children: Children) -> clauses.Execute:
        return clauses.Execute(children[0].at, children[1], tuple(children[2]))

    def _option(self, children: Children) -> clauses.Option | None:
        last = children[-2]
        return last if isinstance(last, clauses.Option) else None
