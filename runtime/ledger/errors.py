"""Every error of the ledger.

LedgerError
├── StatementError            a statement that cannot be run          (QLDB: BadRequestException)
│   ├── ParseError            text that is not PartiQL
│   └── LimitExceededError    a document, transaction or table limit  (QLDB: LimitExceededException)
├── ConflictError             another transaction changed what was read (QLDB: OccConflictException)
├── InvalidTransactionError   the transaction is over, expired or unknown (QLDB: InvalidSessionException)
├── CommitDigestError         client and ledger disagree on what was executed (QLDB: BadRequestException)
├── StorageError              the store beneath the ledger refused or failed
│   ├── HeadMovedError        another writer appended this block first
│   └── UnavailableError      throttled, unreachable or timed out: the outcome is unknown
└── CorruptJournalError       a stored block or revision is not what was committed
"""


class LedgerError(Exception):
    """Anything the ledger refuses or fails to do."""


class StatementError(LedgerError):
    """A statement cannot be run as it stands."""


class ParseError(StatementError):
    """The text is not a PartiQL statement this ledger knows."""


class LimitExceededError(StatementError):
    """A limit on documents, transactions, tables or indexes is exceeded."""


class ConflictError(LedgerError):
    """Another transaction changed what this one read."""


class InvalidTransactionError(LedgerError):
    """The transaction is finished, expired or was never started."""


class CommitDigestError(LedgerError):
    """The commit digest sent differs from the one computed from the statements received."""


class StorageError(LedgerError):
    """The store beneath the ledger refused or failed."""


class HeadMovedError(StorageError):
    """A block with this sequence number is already in the journal."""


class UnavailableError(StorageError):
    """The store did not answer; whether the call took effect is unknown."""


class CorruptJournalError(LedgerError):
    """Stored bytes are not what was committed."""
