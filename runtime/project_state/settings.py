"""Where the state is projected to."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.ads.environment import required


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deploying program tells this worker."""

    state_table: str


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; raises SettingsError naming what is missing."""
    return Settings(*required("STATE_TABLE", environment=environment))
