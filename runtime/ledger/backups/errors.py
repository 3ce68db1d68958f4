"""Every error of backups; what cannot be read is an error of exports, of blocks one of imports.

LedgerError
└── BackupError               a backup cannot be made here, or restored as it was asked for
    └── DamagedBackupError    it is not what its manifest says; also CorruptJournalError
"""

from runtime.ledger.errors import CorruptJournalError, LedgerError


class BackupError(LedgerError):
    """A backup cannot be made here, or not be restored as it was asked for."""


class DamagedBackupError(BackupError, CorruptJournalError):
    """A manifest, an object or a digest is not what was backed up."""
