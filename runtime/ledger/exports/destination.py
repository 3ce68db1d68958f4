"""The port to where an export is written and read: objects by key."""

from collections.abc import Iterator
from typing import Protocol


class Destination(Protocol):
    """A bucket, or what stands for one. Objects appear whole or not at all."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write an object, replacing what was there.

        Raises DestinationUnavailableError when trying again may help, DestinationError when not.
        """
        ...

    def get(self, key: str) -> bytes:
        """An object's contents; NoSuchObjectError when there is none."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts so, sorted by its bytes."""
        ...


def has(destination: Destination, key: str) -> bool:
    """Whether there is an object under exactly this key."""
    return next(iter(destination.keys(key)), None) == key
