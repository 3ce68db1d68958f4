"""Where blocks come from and where their records go."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.ads.environment import required


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deploying program tells this worker."""

    journal_table: str
    stream_name: str
    stream_arn: str
    """The QLDB stream's ARN, which every record names."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; raises SettingsError naming what is missing."""
    return Settings(
        *required("JOURNAL_TABLE", "STREAM_NAME", "QLDB_STREAM_ARN", environment=environment)
    )
