"""The parse tables of grammar.lark, kept as tables.json so that Lambda starts without making them.

Importing lark and making the tables takes 200 ms, reading them 2 ms.
`python -m runtime.ledger.partiql.tables` writes them anew; it alone needs lark.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("tables.json")


@dataclass(frozen=True, slots=True)
class Rule:
    """A reduction: the symbol it makes, how many symbols it takes, the Builder method it calls."""

    symbol: str
    size: int
    action: str


@dataclass(frozen=True, slots=True)
class Tables:
    """An LALR(1) automaton that starts in state 0 and is done in state `end`.

    A row of `states` says for a terminal or a symbol: n >= 0 go on in state n, n < 0 reduce by
    rule -1 - n.
    """

    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]
    end: int


@cache
def load() -> Tables:
    """The tables of the grammar, read once."""
    content = json.loads(TABLES.read_text("utf-8"))
    rules = tuple(Rule(*rule) for rule in content["rules"])
    return Tables(rules, tuple(content["states"]), content["end"])


def build(grammar: str) -> str:
    """The tables of a grammar as JSON, a line for each rule and each state."""
    loading, analyzing = (
        import_module("lark.load_grammar"),
        import_module("lark.parsers.lalr_analysis"),
    )
    compiled, _ = loading.load_grammar(grammar, GRAMMAR.name, [], False)
    _, rules, _ = compiled.compile(["start"], "*")
    configuration = import_module("lark.common").ParserConf(rules, {}, ["start"])
    analysis = analyzing.LALR_Analyzer(configuration)
    analysis.compute_lalr()
    table = analysis.parse_table
    numbers = {rule: -1 - number for number, rule in enumerate(rules)}
    order = _breadth_first(table.states, table.start_states["start"], analyzing.Shift)
    states = [
        {
            symbol: order[target] if action is analyzing.Shift else numbers[target]
            for symbol, (action, target) in sorted(table.states[state].items())
        }
        for state in order
    ]
    return _format(
        [(rule.origin.name, len(rule.expansion), rule.alias) for rule in rules],
        states,
        order[table.end_states["start"]],
    )


def _breadth_first(states: dict[Any, dict[str, Any]], start: Any, shift: Any) -> dict[Any, int]:
    """States numbered in an order that depends on nothing but the grammar."""
    order = {start: 0}
    for state in (queue := [start]):
        for _, (action, target) in sorted(states[state].items(), key=lambda row: row[0]):
            if action is shift and target not in order:
                order[target] = len(order)
                queue.append(target)
    return order


def _format(rules: list[Any], states: list[Any], end: int) -> str:
    def lines(rows: list[Any]) -> str:
        return ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)

    return f'{{"end":{end},\n"rules":[\n{lines(rules)}\n],\n"states":[\n{lines(states)}\n]}}\n'


if __name__ == "__main__":
    TABLES.write_text(build(GRAMMAR.read_text("utf-8")), "utf-8")
