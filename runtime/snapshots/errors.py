"""Every error of snapshots; what a journal or a bucket refuses is a LedgerError.

SnapshotError
├── SnapshotRefusedError      what is asked for cannot be taken or restored
│   └── NoSuchSnapshotError   there is none by this id, or none so early
├── UnreadableSnapshotError   an object of a snapshot is damaged or missing; names it
├── UnprojectedError          ads of a snapshot did not reach the store they were restored to
└── UncalledError             what takes snapshots could not be called: ask again
"""


class SnapshotError(Exception):
    """A snapshot cannot be taken, read or restored."""


class SnapshotRefusedError(SnapshotError):
    """The journals or the bucket are not as this request needs them."""


class NoSuchSnapshotError(SnapshotRefusedError):
    """There is no such snapshot, or it is not finished yet."""


class UnreadableSnapshotError(SnapshotError):
    """An object is not what was written."""

    def __init__(self, key: str, reason: str) -> None:
        """Take the object's key and what is wrong with it."""
        super().__init__(f"object {key}: {reason}")
        self.key = key
        self.reason = reason


class UncalledError(SnapshotError):
    """The function that takes snapshots was not reached; what was asked for stays asked for."""


class UnprojectedError(SnapshotError):
    """A store did not take all ads; restoring again goes on, since versions decide."""
