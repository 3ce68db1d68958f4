"""Fixtures that tests of several packages share."""

from tests.emulator import cloud

__all__ = ["cloud"]
