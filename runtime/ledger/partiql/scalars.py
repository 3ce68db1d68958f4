"""Where one value is wanted and a sub-select stands."""

from typing import Any

from runtime.ledger.partiql import terms
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.values import NULL


def unwrapped(node: terms.Expression) -> terms.Expression:
    """The expression without parentheses around it."""
    while isinstance(node, terms.Parenthesized):
        node = node.inner
    return node


def scalar(compiler: Compiler, node: terms.Expression, scope: Scope) -> Evaluate:
    """One value: of `(SELECT x …)` the column of its only row, NULL when there is none."""
    evaluate = compiler.expression(node, scope)
    inner = unwrapped(node)
    if not isinstance(inner, terms.Subquery):
        return evaluate
    single_column = inner.select.single_column

    def only(frame: Frame) -> Any:
        rows = evaluate(frame)
        if len(rows) > 1:
            compiler.refuse(node, "this sub-select has more than one row where one is needed")
        if not rows:
            return NULL
        return next(iter(rows[0].values()), NULL) if single_column else rows[0]

    return only
