"""Where the journals are, and the bucket of their snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.ad_ledger import settings as ledger_settings
from runtime.ads.environment import SettingsError, required


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deploying program tells this worker."""

    bucket: str
    ledger: ledger_settings.Settings


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; raises SettingsError naming what is missing or wrong."""
    bucket, *ledger = required(
        "SNAPSHOT_BUCKET", *ledger_settings.VARIABLES, environment=environment
    )
    try:
        return Settings(bucket, ledger_settings.settings(*ledger))
    except ValueError as error:
        raise SettingsError(str(error)) from error
