"""Every error of imports; what cannot be read at all is an error of exports.

LedgerError
├── ImportRefusedError        an export cannot become this ledger
│   └── OtherLedgerError      the ledger holds blocks that are not the export's
└── DamagedExportError        a block or revision is not what was sealed; also CorruptJournalError
"""

from runtime.ledger.errors import CorruptJournalError, LedgerError


class ImportRefusedError(LedgerError):
    """The export is whole, and still no ledger can be built from it here."""


class OtherLedgerError(ImportRefusedError):
    """The store is not empty, and its blocks are not those of the export."""


class DamagedExportError(CorruptJournalError):
    """A block or a revision is not what was sealed; what came before it is already imported."""

    def __init__(
        self, key: str, sequence_no: int, reason: str, revision: int | None = None
    ) -> None:
        """Say in which object and block, and at which position of its revisions if it is one."""
        place = f"object {key}, block {sequence_no}"
        if revision is not None:
            place += f", revision {revision}"
        super().__init__(f"{place}: {reason}")
        self.key = key
        self.sequence_no = sequence_no
        self.revision = revision
