"""What can go wrong before a deployment begins.

InfraError
├── SettingsError   the stack's config cannot be used
├── PackageError    a worker's code is not where it should be
└── LayerError      the workers' dependencies could not be fetched
"""

from collections.abc import Iterable


class InfraError(Exception):
    """The program cannot be run as it stands."""


class SettingsError(InfraError):
    """The stack's config cannot be used; the message has every fault, with its key and remedy."""

    def __init__(self, stack: str, faults: Iterable[str]) -> None:
        """Name the stack and list its faults, one a line."""
        self.faults = tuple(faults)
        super().__init__("\n- ".join([f"stack {stack}: the config cannot be used:", *self.faults]))


class PackageError(InfraError):
    """A worker's code is not where it should be; the message names the worker and the package."""


class LayerError(InfraError):
    """The workers' dependencies could not be fetched; the message ends with what uv said."""
