"""Where the ledgers of ads are."""

from dataclasses import dataclass

SHARDS_MAX = 64
"""The program's own limit, too."""
VARIABLES = ("JOURNAL_TABLE", "LEDGER_NAME", "LEDGER_SHARDS")
"""Environment variables, in the order in which `settings` takes their values."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The journal's table and the ledgers in it, named `{ledger_prefix}-{shard}`."""

    journal_table: str
    ledger_prefix: str
    shards: int


def settings(journal_table: str, ledger_prefix: str, shards: str) -> Settings:
    """The settings that texts of an environment say; ValueError for an impossible number."""
    if not shards.isdecimal() or not 1 <= int(shards) <= SHARDS_MAX:
        raise ValueError(f"LEDGER_SHARDS is {shards!r}; it must be 1 to {SHARDS_MAX}.")
    return Settings(journal_table, ledger_prefix, int(shards))
