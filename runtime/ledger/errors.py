"""Every error of the ledger.

LedgerError
├── StatementError            a statement that cannot be run          (QLDB: BadRequestException)
│   ├── ParseError            text that is not PartiQL
│   ├── IonError              bytes or text that are not one Ion value, or a value Ion cannot hold
│   └── LimitExceededError    a document, transaction or table limit  (QLDB: LimitExceededException)
├── ConflictError             another transaction changed what was read (QLDB: OccConflictException)
├── InvalidSessionError       the session is over or unknown        (QLDB: InvalidSessionException)
│   └── InvalidTransactionError   the transaction is over or unknown
├── RequestError              a command breaks the session protocol (QLDB: BadRequestException)
├── CommitDigestError         client and ledger have executed different statements
├── RangeError                blocks are to be verified that cannot be: there are none, or no hash
├── CapacityError             all transactions hold too much   (QLDB: CapacityExceededException)
├── ProofError                a proof does not lead from what it shows to the digest it is held to
├── StorageError              the store beneath the ledger refused or failed
│   ├── HeadMovedError        another writer appended this block first
│   ├── UnavailableError      throttled, unreachable or timed out: the outcome is unknown
│   └── UnknownOutcomeError   a commit may or may not have happened, and the store cannot be asked
└── CorruptJournalError       a stored block or revision is not what was committed
    └── VerificationError     a verifier found which one, and why
"""


class LedgerError(Exception):
    """Anything the ledger refuses or fails to do."""


class StatementError(LedgerError):
    """A statement cannot be run as it stands."""


class ParseError(StatementError):
    """The text is not a PartiQL statement this ledger knows."""


class IonError(StatementError):
    """Bytes or text are not one Ion value, or a value cannot be written as Ion."""


class LimitExceededError(StatementError):
    """A limit on documents, transactions, tables or indexes is exceeded."""


class ConflictError(LedgerError):
    """Another transaction changed what this one read."""


class InvalidSessionError(LedgerError):
    """The session is finished, expired or was never started."""


class InvalidTransactionError(InvalidSessionError):
    """The transaction is finished, expired or was never started."""


class RequestError(LedgerError):
    """A command breaks the session protocol; the message names every fault."""


class CommitDigestError(LedgerError):
    """The commit digest sent differs from the one computed from the statements received."""


class RangeError(LedgerError):
    """Blocks are to be verified that are not there, or that follow nobody knows what."""


class CapacityError(LedgerError):
    """All transactions of the process together hold too much for one more to go on."""


class ProofError(LedgerError):
    """A proof shows nothing: it, or what it is said to prove, is not what the digest covers."""


class StorageError(LedgerError):
    """The store beneath the ledger refused or failed."""


class HeadMovedError(StorageError):
    """A block with this sequence number is already in the journal."""


class UnavailableError(StorageError):
    """The store did not answer; whether the call took effect is unknown."""


class UnknownOutcomeError(StorageError):
    """The store stopped answering during a commit: look for the transaction before repeating it."""


class CorruptJournalError(LedgerError):
    """Stored bytes are not what was committed."""


class VerificationError(CorruptJournalError):
    """A verifier found a block or a revision that is not what was committed."""

    def __init__(self, reason: str, sequence_no: int, revision: int | None = None) -> None:
        """Say why, in which block, and at which position of its revisions, if it is one of them."""
        place = f"block {sequence_no}"
        if revision is not None:
            place += f", revision {revision}"
        super().__init__(f"{place}: {reason}")
        self.reason = reason
        self.sequence_no = sequence_no
        self.revision = revision
