"""Every error of exports.

LedgerError
└── ExportError
    ├── DestinationError                  a bucket or folder refused or failed
    │   ├── DestinationUnavailableError   throttled, unreachable or timed out: try again
    │   └── NoSuchObjectError             it has no object under this key
    ├── FormatError                       a format that is not known, or cannot be read back
    └── UnreadableExportError             an object is not what an export has in its place
        └── NoFinalManifestError          an export that has not ended, or is one of several
"""

from runtime.ledger.errors import LedgerError


class ExportError(LedgerError):
    """A journal cannot be exported, or an export cannot be read."""


class DestinationError(ExportError):
    """The bucket or folder refused or failed."""


class DestinationUnavailableError(DestinationError):
    """The bucket did not answer; putting an object again does no harm."""


class NoSuchObjectError(DestinationError):
    """There is no object under this key."""


class FormatError(ExportError):
    """The format is not one of QLDB's, or it keeps too little to be read back."""


class UnreadableExportError(ExportError):
    """An object of an export is damaged or missing; the message and `key` name it."""

    def __init__(self, key: str, reason: str, sequence_no: int | None = None) -> None:
        """Take the object's key, what is wrong with it, and in which block if that is known."""
        super().__init__(f"object {key}: {reason}")
        self.key = key
        self.reason = reason
        self.sequence_no = sequence_no


class NoFinalManifestError(UnreadableExportError):
    """An export has not ended, is not there, or it is not said which of several is meant."""
