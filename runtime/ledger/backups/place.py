"""The port to where backups are kept: an export's destination from which objects can be removed."""

from typing import Protocol

from runtime.ledger.exports.destination import Destination


class Place(Destination, Protocol):
    """A bucket, or what stands for one."""

    def remove(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        ...
