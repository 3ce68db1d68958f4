"""Where replays read, write and are recorded, and how large their pieces are."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.ad_ledger import settings as ledger_settings
from runtime.ads.environment import SettingsError, required

VARIABLES = (
    "STATE_TABLE",
    "SEARCH_ENDPOINT",
    "SEARCH_INDEX",
    "REPLAYS_TABLE",
    "REPLAY_TABLE",
    "REPLAY_PIECE_BLOCKS",
    "SNAPSHOT_BUCKET",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deploying program tells this worker."""

    ledger: ledger_settings.Settings
    state_table: str
    search_endpoint: str
    search_alias: str
    replays_table: str
    replay_table: str
    piece_blocks_max: int
    snapshot_bucket: str


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; raises SettingsError naming what is missing or wrong."""
    names = (*ledger_settings.VARIABLES, *VARIABLES)
    known = dict(zip(names, required(*names, environment=environment), strict=True))
    blocks = known["REPLAY_PIECE_BLOCKS"]
    if not blocks.isdecimal() or int(blocks) < 1:
        raise SettingsError(f"REPLAY_PIECE_BLOCKS is {blocks!r}; it must be 1 or more")
    try:
        ledger = ledger_settings.settings(*(known[name] for name in ledger_settings.VARIABLES))
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return Settings(
        ledger,
        state_table=known["STATE_TABLE"],
        search_endpoint=known["SEARCH_ENDPOINT"],
        search_alias=known["SEARCH_INDEX"],
        replays_table=known["REPLAYS_TABLE"],
        replay_table=known["REPLAY_TABLE"],
        piece_blocks_max=int(blocks),
        snapshot_bucket=known["SNAPSHOT_BUCKET"],
    )
