"""The syntax tree of expressions: what is written, before anybody asks what it means.

Every node carries `at`, the offset of its first token (of its operator for an operation).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.ledger.partiql.clauses import Select


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that has a place in the statement."""

    at: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name that is not evaluated: of a table, an alias, a field."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant Ion value, or MISSING."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """The `?` number `index`, from zero."""

    index: int


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """A name that is evaluated; `local` when written with `@`."""

    name: str
    local: bool


@dataclass(frozen=True, slots=True)
class Field(Node):
    """The step `.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Element(Node):
    """The step `[index]`: an int into a list, a string into a struct."""

    index: "Expression"


@dataclass(frozen=True, slots=True)
class Spread(Node):
    """The step `[*]`, or `.*` when of `fields`."""

    fields: bool


Step = Field | Element | Spread


@dataclass(frozen=True, slots=True)
class Path(Node):
    """Steps from the value of `root`."""

    root: "Expression"
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`+` or `-` before a number."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """An arithmetic, comparing or concatenating operator between two operands."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Every(Node):
    """Operands joined by AND."""

    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Some(Node):
    """Operands joined by OR."""

    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """NOT operand."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Kind(Node):
    """A type by its upper-case name, with sizes for DECIMAL(p, s) or VARCHAR(n)."""

    name: str
    sizes: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class IsKind(Node):
    """operand IS kind, NULL and MISSING included."""

    operand: "Expression"
    kind: Kind


@dataclass(frozen=True, slots=True)
class Within(Node):
    """operand IN members."""

    operand: "Expression"
    members: "Expression"


@dataclass(frozen=True, slots=True)
class Between(Node):
    """operand BETWEEN low AND high, both included."""

    operand: "Expression"
    low: "Expression"
    high: "Expression"


@dataclass(frozen=True, slots=True)
class Like(Node):
    """operand LIKE pattern, with an escape character or None."""

    operand: "Expression"
    pattern: "Expression"
    escape: "Expression | None"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function by its upper-case name; `star` for COUNT(*)."""

    name: str
    arguments: tuple["Expression", ...]
    star: bool = False


@dataclass(frozen=True, slots=True)
class When(Node):
    """One WHEN condition THEN value."""

    condition: "Expression"
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Case(Node):
    """CASE [subject] WHEN … [ELSE otherwise] END."""

    subject: "Expression | None"
    whens: tuple[When, ...]
    otherwise: "Expression | None"


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """CAST(operand AS kind)."""

    operand: "Expression"
    kind: Kind


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """`[…]` or `(a, b)`, or `<<…>>` when `bag`."""

    items: tuple["Expression", ...]
    bag: bool


@dataclass(frozen=True, slots=True)
class Member(Node):
    """One `'name': value` of a struct."""

    name: "Expression"
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Struct(Node):
    """`{…}`."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Parenthesized(Node):
    """`(inner)`: means inner, except that `x IN (inner)` is a list of one."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Subquery(Node):
    """`(SELECT …)`: the bag of its rows."""

    select: "Select"


Expression = (
    Literal
    | Parameter
    | Variable
    | Path
    | Unary
    | Binary
    | Every
    | Some
    | Not
    | IsKind
    | Within
    | Between
    | Like
    | Call
    | Case
    | Cast
    | Sequence
    | Struct
    | Parenthesized
    | Subquery
)
