"""Closures for what is true, false or unknown."""

from collections.abc import Callable
from functools import partial
from typing import Any

from amazon.ion.simple_types import IonPyBool, IonPyList

from runtime.ledger.partiql import terms
from runtime.ledger.partiql.comparisons import equal, family, order
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.kinds import kind_test
from runtime.ledger.partiql.patterns import like_matcher
from runtime.ledger.partiql.scalars import scalar, unwrapped
from runtime.ledger.partiql.values import FALSE, NULL, TRUE, boolean, is_unknown, text_of

_ORDERED: dict[str, Callable[[int], bool]] = {
    "LT": lambda sign: sign < 0,
    "LE": lambda sign: sign <= 0,
    "GT": lambda sign: sign > 0,
    "GE": lambda sign: sign >= 0,
}


def every(compiler: Compiler, node: terms.Every, scope: Scope) -> Evaluate:
    """AND: false as soon as one is false, else NULL when one is unknown."""
    operands = [(compiler.expression(part, scope), part) for part in node.operands]
    return partial(_joined, compiler, operands, FALSE, TRUE)


def some(compiler: Compiler, node: terms.Some, scope: Scope) -> Evaluate:
    """OR: true as soon as one is true, else NULL when one is unknown."""
    operands = [(compiler.expression(part, scope), part) for part in node.operands]
    return partial(_joined, compiler, operands, TRUE, FALSE)


def _joined(
    compiler: Compiler,
    operands: list[tuple[Evaluate, terms.Expression]],
    decisive: IonPyBool,
    otherwise: IonPyBool,
    frame: Frame,
) -> Any:
    answer: Any = otherwise
    for evaluate, node in operands:
        value = _truth(compiler, node, evaluate(frame))
        if value is decisive:
            return decisive
        if value is NULL:
            answer = NULL
    return answer


def negate(compiler: Compiler, node: terms.Not, scope: Scope) -> Evaluate:
    """NOT."""
    operand = compiler.expression(node.operand, scope)

    def evaluate(frame: Frame) -> Any:
        value = _truth(compiler, node.operand, operand(frame))
        return value if value is NULL else boolean(value is FALSE)

    return evaluate


def condition(compiler: Compiler, node: terms.Expression, scope: Scope) -> Evaluate:
    """What decides on a row: TRUE, FALSE or NULL, StatementError for what is no bool."""
    value = compiler.expression(node, scope)
    return lambda frame: _truth(compiler, node, value(frame))


def _truth(compiler: Compiler, node: terms.Expression, value: Any) -> Any:
    if value is TRUE or value is FALSE or value is NULL:
        return value
    if is_unknown(value):
        return NULL
    if isinstance(value, IonPyBool):
        return boolean(value == 1)
    return compiler.refuse(node, f"a bool is needed here, not a {family(value)}")


def equality(compiler: Compiler, node: terms.Binary, scope: Scope) -> Evaluate:
    """`=` and `<>`: NULL when either side is unknown, unequal when of different families."""
    left, right = scalar(compiler, node.left, scope), scalar(compiler, node.right, scope)
    same, different = (TRUE, FALSE) if node.operator == "EQ" else (FALSE, TRUE)

    def evaluate(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if is_unknown(one) or is_unknown(other):
            return NULL
        return same if equal(one, other) else different

    return evaluate


def ordering(compiler: Compiler, node: terms.Binary, scope: Scope) -> Evaluate:
    """`<`, `<=`, `>`, `>=`: NULL when a side is unknown, StatementError across families."""
    left, right = scalar(compiler, node.left, scope), scalar(compiler, node.right, scope)
    holds = _ORDERED[node.operator]

    def evaluate(frame: Frame) -> Any:
        sign = _sign(compiler, node, left(frame), right(frame))
        return NULL if sign is None else boolean(holds(sign))

    return evaluate


def between(compiler: Compiler, node: terms.Between, scope: Scope) -> Evaluate:
    """`operand >= low AND operand <= high`."""
    parts = [scalar(compiler, part, scope) for part in (node.operand, node.low, node.high)]

    def evaluate(frame: Frame) -> Any:
        value, low, high = [part(frame) for part in parts]
        above, below = _sign(compiler, node, value, low), _sign(compiler, node, value, high)
        if (above is not None and above < 0) or (below is not None and below > 0):
            return FALSE
        return NULL if above is None or below is None else TRUE

    return evaluate


def _sign(compiler: Compiler, node: terms.Node, left: Any, right: Any) -> int | None:
    if is_unknown(left) or is_unknown(right):
        return None
    sign = order(left, right)
    if sign is None:
        compiler.refuse(node, f"a {family(left)} cannot be compared with a {family(right)}")
    return sign


def within(compiler: Compiler, node: terms.Within, scope: Scope) -> Evaluate:
    """IN: true when a member is equal, else NULL when one is unknown; false for no collection."""
    operand = scalar(compiler, node.operand, scope)
    members = column(compiler, node.members, scope)

    def evaluate(frame: Frame) -> Any:
        value, collection = operand(frame), members(frame)
        if is_unknown(value) or is_unknown(collection):
            return NULL
        answer = FALSE
        for member in collection if isinstance(collection, IonPyList) else ():
            if is_unknown(member):
                answer = NULL
            elif equal(value, member):
                return TRUE
        return answer

    return evaluate


def column(compiler: Compiler, node: terms.Expression, scope: Scope) -> Evaluate:
    """A collection; the rows of `(SELECT x …)` become its only column."""
    rows = compiler.expression(node, scope)
    inner = unwrapped(node)
    if not isinstance(inner, terms.Subquery) or not inner.select.single_column:
        return rows
    return lambda frame: IonPyList(next(iter(row.values()), NULL) for row in rows(frame))


def is_kind(compiler: Compiler, node: terms.IsKind, scope: Scope) -> Evaluate:
    """IS kind; NULL is also what MISSING is."""
    operand, test = compiler.expression(node.operand, scope), kind_test(compiler, node.kind)
    return lambda frame: boolean(test(operand(frame)))


def like(compiler: Compiler, node: terms.Like, scope: Scope) -> Evaluate:
    """LIKE: `%` is any text, `_` any character, the escape character makes them plain."""
    operand, pattern = scalar(compiler, node.operand, scope), scalar(compiler, node.pattern, scope)
    escape = scalar(compiler, node.escape, scope) if node.escape else None

    def evaluate(frame: Frame) -> Any:
        values = [operand(frame), pattern(frame), *([escape(frame)] if escape else [])]
        if any(is_unknown(value) for value in values):
            return NULL
        texts = [text_of(value) for value in values]
        if None in texts:
            compiler.refuse(node, "LIKE compares text with a pattern that is text")
        try:
            matches = like_matcher(*(text or "" for text in texts[1:]))
        except ValueError as error:
            raise compiler.error(node, str(error)) from error
        return boolean(matches(texts[0] or ""))

    return evaluate
