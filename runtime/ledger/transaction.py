"""One interactive transaction: its statements, its digest, its end."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from runtime.ledger.block import StatementInfo
from runtime.ledger.budgets import Share
from runtime.ledger.errors import (
    CommitDigestError,
    ConflictError,
    InvalidTransactionError,
    LimitExceededError,
    StatementError,
)
from runtime.ledger.hashing import CommitDigest, folded_digest
from runtime.ledger.limits import Limits
from runtime.ledger.parameters import Parameters
from runtime.ledger.partiql.statement import Statement, prepare
from runtime.ledger.workspace import Workspace

Collected = TypeVar("Collected")

STATEMENT_BYTES: Final = 512
"""About what it takes to remember a statement besides its text."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a commit did."""

    transaction_id: str
    digest: bytes
    """The commit digest: 32 bytes."""
    sequence_no: int | None
    """The block; None for a transaction that only read, which appends none."""
    write_ios: int


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a transaction may last."""

    monotonic: Callable[[], float]
    ends_at_s: float

    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.monotonic() >= self.ends_at_s

    def check(self, transaction_id: str) -> None:
        """Raise InvalidTransactionError when the time is up."""
        if self.is_over():
            raise InvalidTransactionError(f"Transaction {transaction_id} has expired")


class Transaction:
    """Runs statements until it is committed, aborted or too old; used by one thread at a time."""

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        append: Callable[["Transaction"], int | None],
        limits: Limits,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        held: Share,
    ) -> None:
        """Take how to make a fresh workspace and how to append what it holds at the end.

        `held` is its part of what all transactions may hold together.
        """
        self.statements: list[StatementInfo] = []
        self.statement_read_ios = 0
        """What the newest statement read."""
        self._make_workspace = workspace
        self._lifetime = Lifetime(monotonic, monotonic() + limits.transaction_lifetime_s)
        self.workspace = self._new_workspace()
        self.id = self.workspace.transaction_id
        self._append = append
        self._limits = limits
        self._now = now
        self._held = held
        self._texts_bytes = 0
        self._digest = CommitDigest(self.id)
        self._ended = ""

    @property
    def is_open(self) -> bool:
        """Whether statements may still be run."""
        return not self._ended and not self._lifetime.is_over()

    def execute(self, text: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run a statement and return its rows, Ion values.

        Parameters are Ion values or plain Python ones, and copied.
        """
        return self._execute(list, text, lambda: Parameters.copied(parameters))

    def execute_into(
        self,
        collect: Callable[[Iterator[Any]], Collected],
        text: str,
        parameters: Sequence[Any] = (),
    ) -> Collected:
        """Run a statement and return what `collect` makes of its rows, which come as they are read.

        `collect` is called again when the statement has to be run anew. A statement that fails
        leaves no writes behind, but it counts in the commit digest, since the client has counted
        it, too. Parameters are Ion values, which the transaction keeps: nobody may change them.
        """
        return self._execute(collect, text, lambda: Parameters(parameters))

    def _execute(
        self,
        collect: Callable[[Iterator[Any]], Collected],
        text: str,
        take: Callable[[], Parameters],
    ) -> Collected:
        self.check_open()
        if len(self.statements) >= self._limits.transaction_statements_max:
            raise LimitExceededError(
                f"transaction {self.id} has run {len(self.statements)} statements, the most there"
                " may be: commit and go on in another"
            )
        started = self._now()
        parameters = take()
        digest = folded_digest(text, parameters.hashes)
        self._digest.add(digest)
        if len(text) > self._limits.statement_characters_max:
            raise LimitExceededError(
                f"the statement has {len(text)} characters; the limit is"
                f" {self._limits.statement_characters_max}"
            )
        collected = self._run(collect, text, parameters)
        self.statements.append(StatementInfo(text, started, digest))
        return collected

    def commit(self, digest: bytes | None = None) -> Receipt:
        """Make every write durable and visible at once, or raise and make none.

        `digest` is what the client computed; CommitDigestError when it differs. ConflictError when
        another transaction changed what this one read. The transaction is over either way.
        """
        self.check_open()
        self._ended = "is over"
        if digest is not None and digest != self._digest.value:
            raise CommitDigestError(
                f"the commit digest of transaction {self.id} is {self._digest.value.hex()} by the"
                f" statements received, {digest.hex()} by the client: nothing was committed"
            )
        try:
            sequence_no = self._append(self)
        finally:
            self._held.release()
        writes = 0 if sequence_no is None else len(self.workspace.writes)
        return Receipt(self.id, self._digest.value, sequence_no, writes)

    def abort(self) -> None:
        """Forget every write; aborting what is over changes nothing."""
        self._ended = self._ended or "was aborted"
        self._held.release()

    def check_open(self) -> None:
        """Raise InvalidTransactionError when the transaction is over or too old."""
        if self._ended:
            raise InvalidTransactionError(f"Transaction {self.id} {self._ended}")
        self._lifetime.check(self.id)

    def release(self) -> None:
        """Let go of what an ended transaction has read and written; nothing else changes."""
        if not self.is_open:
            self.workspace = self._new_workspace()
            self.statements = []
            self._held.release()

    def _new_workspace(self) -> Workspace:
        workspace = self._make_workspace()
        # Of the lifetime alone: a transaction that its own workspace knows is not freed at once.
        workspace.check_open = partial(self._lifetime.check, workspace.transaction_id)
        return workspace

    def _run(
        self,
        collect: Callable[[Iterator[Any]], Collected],
        text: str,
        parameters: Parameters,
    ) -> Collected:
        statement = prepare(text)
        if statement.parameter_count != len(parameters.values):
            raise StatementError(
                f"the statement has {statement.parameter_count} parameters,"
                f" {len(parameters.values)} were given: {text}"
            )
        untouched = not self.statements and not self.workspace.begun
        try:
            return self._attempt(collect, statement, text, parameters)
        except ConflictError:
            if not untouched:
                self._ended = "is over: another transaction was in its way"
                raise
        # Only the definitions kept from before were out of date: they are read now, start anew.
        self.workspace = self._new_workspace()
        return self._attempt(collect, statement, text, parameters)

    def _attempt(
        self,
        collect: Callable[[Iterator[Any]], Collected],
        statement: Statement,
        text: str,
        parameters: Parameters,
    ) -> Collected:
        workspace = self.workspace
        workspace.statement = len(self.statements)
        workspace.parameters = parameters
        checkpoint = workspace.checkpoint()
        read_ios = workspace.read_ios
        try:
            collected = collect(statement.run(workspace, parameters.values))
            texts_bytes = self._texts_bytes + sys.getsizeof(text) + STATEMENT_BYTES
            self._held.hold(workspace.size_bytes + texts_bytes)
        except BaseException:
            workspace.restore(checkpoint)
            raise
        finally:
            workspace.let_go()
            workspace.parameters = Parameters()
        self._texts_bytes = texts_bytes
        self.statement_read_ios = workspace.read_ios - read_ios
        return collected
