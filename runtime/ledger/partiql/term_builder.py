"""The nodes of expressions, made as the parser recognizes them.

Each method has the name of an alternative in grammar.lark and gets its symbols from left to right:
tokens as they are, rules as the value their own method made.
"""

from typing import Any

from runtime.ledger.partiql import literals, terms
from runtime.ledger.partiql.lexical import StatementText
from runtime.ledger.partiql.values import FALSE, MISSING, NULL, TRUE

Children = list[Any]

path_steps_max = 100


class TermBuilder:
    """Counts the parameters it has seen in `parameters`."""

    def __init__(self, text: StatementText) -> None:
        self.text = text
        self.parameters = 0

    def first(self, children: Children) -> Any:
        return children[0]

    def second(self, children: Children) -> Any:
        return children[1]

    def absent(self, _: Children) -> None:
        return None

    def none(self, _: Children) -> list[Any]:
        return []

    def one(self, children: Children) -> list[Any]:
        return [children[0]]

    def more(self, children: Children) -> list[Any]:
        children[0].append(children[2])
        return children[0]

    def name(self, children: Children) -> terms.Name:
        return terms.Name(children[0].at, children[0].text, quoted=False)

    def quoted_name(self, children: Children) -> terms.Name:
        return terms.Name(children[0].at, children[0].text, quoted=True)

    def variable(self, children: Children) -> terms.Variable:
        return terms.Variable(children[0].at, children[0].text, local=False)

    def local(self, children: Children) -> terms.Variable:
        return terms.Variable(children[0].at, children[1].text, local=True)

    def string(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, literals.string(self.text, children[0]))

    def number(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, literals.number(self.text, children[0]))

    def ion(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, literals.ion(self.text, children[0]))

    def true(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, TRUE)

    def false(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, FALSE)

    def null(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, NULL)

    def missing(self, children: Children) -> terms.Literal:
        return terms.Literal(children[0].at, MISSING)

    def parameter(self, children: Children) -> terms.Parameter:
        self.parameters += 1
        return terms.Parameter(children[0].at, self.parameters - 1)

    def some(self, children: Children) -> terms.Expression:
        operands = children[0]
        return operands[0] if len(operands) == 1 else terms.Some(operands[0].at, tuple(operands))

    def every(self, children: Children) -> terms.Expression:
        operands = children[0]
        return operands[0] if len(operands) == 1 else terms.Every(operands[0].at, tuple(operands))

    def negate(self, children: Children) -> terms.Not:
        return terms.Not(children[0].at, children[1])

    def binary(self, children: Children) -> terms.Binary:
        left, operator, right = children
        return terms.Binary(operator.at, operator.kind, left, right)

    def unary(self, children: Children) -> terms.Unary:
        return terms.Unary(children[0].at, children[0].kind, children[1])

    def is_kind(self, children: Children) -> terms.IsKind:
        return terms.IsKind(children[1].at, children[0], children[2])

    def is_not_kind(self, children: Children) -> terms.Not:
        operand, operator, _, kind = children
        return terms.Not(operator.at, terms.IsKind(operator.at, operand, kind))

    def within(self, children: Children) -> terms.Within:
        operand, operator, members = children
        if isinstance(members, terms.Parenthesized):
            members = terms.Sequence(members.at, (members.inner,), bag=False)
        return terms.Within(operator.at, operand, members)

    def between(self, children: Children) -> terms.Between:
        operand, operator, low, _, high = children
        return terms.Between(operator.at, operand, low, high)

    def like(self, children: Children) -> terms.Like:
        escape = children[4] if len(children) > 3 else None
        return terms.Like(children[1].at, children[0], children[2], escape)

    def not_within(self, children: Children) -> terms.Not:
        return self._without_not(self.within, children)

    def not_between(self, children: Children) -> terms.Not:
        return self._without_not(self.between, children)

    def not_like(self, children: Children) -> terms.Not:
        return self._without_not(self.like, children)

    def _without_not(self, action: Any, children: Children) -> terms.Not:
        return terms.Not(children[1].at, action([children[0], *children[2:]]))

    def stepped(self, children: Children) -> terms.Path:
        root, step = children
        if isinstance(root, terms.Path):
            if len(root.steps) == path_steps_max:
                message = f"a path has at most {path_steps_max} steps"
                raise self.text.parser_error(step.at, message)
            return terms.Path(root.at, root.root, (*root.steps, step))
        return terms.Path(root.at, root, (step,))

    def field(self, children: Children) -> terms.Field:
        return terms.Field(children[1].at, children[1].text)

    def element(self, children: Children) -> terms.Element:
        return terms.Element(children[0].at, children[1])

    def every_field(self, children: Children) -> terms.Spread:
        return terms.Spread(children[1].at, fields=True)

    def every_element(self, children: Children) -> terms.Spread:
        return terms.Spread(children[1].at, fields=False)

    def parenthesized(self, children: Children) -> terms.Parenthesized:
        return terms.Parenthesized(children[0].at, children[1])

    def row(self, children: Children) -> terms.Sequence:
        return terms.Sequence(children[0].at, (children[1], *children[3]), bag=False)

    def list(self, children: Children) -> terms.Sequence:
        return terms.Sequence(children[0].at, tuple(children[1]), bag=False)

    def bag(self, children: Children) -> terms.Sequence:
        return terms.Sequence(children[0].at, tuple(children[1]), bag=True)

    def struct(self, children: Children) -> terms.Struct:
        return terms.Struct(children[0].at, tuple(children[1]) if len(children) > 2 else ())

    def member(self, children: Children) -> terms.Member:
        return terms.Member(children[1].at, children[0], children[2])

    def subquery(self, children: Children) -> terms.Subquery:
        return terms.Subquery(children[0].at, children[1])
