"""Fixtures that tests of several packages share; no property has to hold within some time."""

from hypothesis import settings

from tests.emulator import cloud

settings.register_profile("unhurried", settings(deadline=None))
settings.load_profile("unhurried")

__all__ = ["cloud"]
