"""Where earlier versions are read and where events go."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.ad_ledger import settings as ledger_settings
from runtime.ads.environment import SettingsError, required


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deploying program tells this worker."""

    bus_name: str
    ledger: ledger_settings.Settings


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; raises SettingsError naming what is missing or wrong."""
    bus_name, *ledger = required("EVENT_BUS", *ledger_settings.VARIABLES, environment=environment)
    try:
        return Settings(bus_name, ledger_settings.settings(*ledger))
    except ValueError as error:
        raise SettingsError(str(error)) from error
