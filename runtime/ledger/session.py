"""The qldb-session service: commands as dicts in, answers as dicts out, whatever carries them."""

import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.ledger import ion
from runtime.ledger.budgets import Budgets
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import (
    CapacityError,
    InvalidSessionError,
    InvalidTransactionError,
    IonError,
    LimitExceededError,
    RequestError,
)
from runtime.ledger.identifiers import new_id
from runtime.ledger.ion_bounds import DOCUMENT_DEPTH_MAX
from runtime.ledger.ion_form import check_form
from runtime.ledger.large_values import LargeValues
from runtime.ledger.protocol import Command, parse
from runtime.ledger.results import Page, Results
from runtime.ledger.transaction import Transaction

SESSION_LIFETIME_S = (13 * 60.0, 17 * 60.0)
"""A session lives for a random time between these, busy or not."""
SESSIONS_MAX = 3_000
"""Sessions that may be used at a time."""
IDLE_SESSIONS_FACTOR = 4
"""How many times as many may wait for their turn or have been left behind."""
SWEEP_S = 1.0
"""How often expired sessions and transactions are looked for, at most."""


@dataclass(slots=True)
class Session:
    """One client's place in the service: at most one transaction is open in it."""

    id: str
    ledger: Ledger
    expires_at_s: float
    results: Results
    """Rows of the open transaction's statements that did not fit one page."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    transaction: Transaction | None = None

    def leave(self) -> None:
        """End the transaction, if any, and forget its results."""
        if self.transaction is not None:
            self.transaction.abort()
        self.transaction = None
        self.results.clear()

    def release(self) -> None:
        """Forget what an expired transaction holds, unless the session is in use right now."""
        if not self.lock.acquire(blocking=False):
            return
        try:
            self.let_go()
        finally:
            self.lock.release()

    def let_go(self) -> None:
        """Forget what a transaction that is over holds; it still says why it is over."""
        if self.transaction is not None and not self.transaction.is_open:
            self.transaction.release()
            self.results.clear()


Handler = Callable[[Session, Mapping[str, Any]], dict[str, Any]]


class SessionService:
    """Answers SendCommand for some ledgers; threads may share it, a session is served in turn."""

    def __init__(
        self,
        ledgers: Mapping[str, Ledger],
        *,
        session_lifetime_s: tuple[float, float] = SESSION_LIFETIME_S,
        sessions_max: int = SESSIONS_MAX,
        trusts_values: bool = False,
        large_values: LargeValues | None = None,
        budgets: Budgets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the ledgers by name; the mapping may change later.

        `trusts_values` leaves out the check of binary parameters, where no stranger sends them.
        `large_values` and `budgets` are the ledgers' own.
        """
        self._ledgers = ledgers
        self._session_lifetime_s = session_lifetime_s
        self._sessions_max = sessions_max
        self._trusts_values = trusts_values
        self._large_values = large_values or LargeValues()
        self._budgets = budgets or Budgets()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._swept_s = monotonic()
        self._commands: dict[str, Handler] = {
            "StartTransaction": self._start_transaction,
            "ExecuteStatement": self._execute_statement,
            "FetchPage": self._fetch_page,
            "CommitTransaction": self._commit_transaction,
            "AbortTransaction": self._abort_transaction,
            "EndSession": self._end_session,
        }

    def send_command(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what one request asks and answer in the shape of SendCommandResult.

        Raises LedgerError; `protocol.service_exception` says what a client is to be told.
        """
        started_s = time.perf_counter()
        command = parse(request)
        handler = self._commands.get(command.name)
        if handler is None:
            answer = self._start_session(command)
        else:
            session = self._session(command.token)
            with session.lock:
                answer = self._answer(handler, session, command.fields)
        elapsed_ms = math.ceil((time.perf_counter() - started_s) * 1000)
        answer["TimingInformation"] = {"ProcessingTimeMilliseconds": elapsed_ms}
        return {command.name: answer}

    def _answer(
        self, handler: Handler, session: Session, fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Serve a command; what is refused for want of room may have it when it is tried again."""
        try:
            return handler(session, fields)
        except CapacityError:
            self._sweep(self._monotonic())
            raise

    def end_sessions(self, ledger: Ledger) -> None:
        """Forget the sessions of a ledger that is going away."""
        with self._lock:
            ended = [session for session in self._sessions.values() if session.ledger is ledger]
            for session in ended:
                del self._sessions[session.id]
        for session in ended:
            with session.lock:
                session.leave()

    def _start_session(self, command: Command) -> dict[str, Any]:
        name = command.fields["LedgerName"]
        ledger = self._ledgers.get(name)
        if ledger is None:
            raise RequestError(f"StartSession.LedgerName: there is no ledger {name}")
        now_s = self._monotonic()
        lifetime_s = random.uniform(*self._session_lifetime_s)  # noqa: S311 - spreads the renewals.
        session = Session(new_id(), ledger, now_s + lifetime_s, Results(self._budgets))
        self._sweep(now_s)
        with self._lock:
            if len(self._sessions) >= self._sessions_max * IDLE_SESSIONS_FACTOR:
                raise LimitExceededError(
                    f"{len(self._sessions)} sessions are open, used or not: end some"
                )
            self._sessions[session.id] = session
        return {"SessionToken": session.id}

    def _sweep(self, now_s: float) -> None:
        """Forget expired sessions, and what expired transactions of the others hold.

        Unless that was done a moment ago.
        """
        if now_s < self._swept_s + SWEEP_S:
            return
        with self._lock:
            self._swept_s = now_s
            for session in list(self._sessions.values()):
                if session.expires_at_s <= now_s:
                    del self._sessions[session.id]
                else:
                    session.release()

    def _session(self, token: str) -> Session:
        session = self._sessions.get(token)
        if session is None:
            raise InvalidSessionError("No such session")
        if self._monotonic() >= session.expires_at_s:
            with self._lock:
                self._sessions.pop(token, None)
            raise InvalidSessionError(f"Session {session.id} has expired")
        return session

    def _start_transaction(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        del fields
        if session.transaction is not None and session.transaction.is_open:
            raise RequestError(
                f"StartTransaction: transaction {session.transaction.id} is open in this session:"
                " commit or abort it first"
            )
        if len(self._sessions) > self._sessions_max:
            raise LimitExceededError(
                f"{len(self._sessions)} sessions are open; the limit is {self._sessions_max}:"
                " end some, or use fewer at a time"
            )
        session.leave()
        self._sweep(self._monotonic())
        session.transaction = session.ledger.begin()
        return {"TransactionId": session.transaction.id}

    def _execute_statement(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        transaction = _transaction(session, fields)

        def collect(rows: Iterator[Any]) -> Page:
            return session.results.collect(rows, transaction.check_open)

        try:
            parameters = self._parameters(transaction, fields.get("Parameters") or ())
            page = transaction.execute_into(collect, fields["Statement"], parameters)
        finally:
            self._large_values.leave()
        return {
            "FirstPage": _page(page),
            "ConsumedIOs": {"ReadIOs": transaction.statement_read_ios, "WriteIOs": 0},
        }

    def _parameters(
        self, transaction: Transaction, holders: Sequence[Mapping[str, Any]]
    ) -> list[Any]:
        size = sum(len(value) for holder in holders for value in holder.values())
        self._large_values.enter(size, transaction.check_open)
        return [_value(index, holder, self._trusts_values) for index, holder in enumerate(holders)]

    def _fetch_page(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        _transaction(session, fields).check_open()
        try:
            page = session.results.page(fields["NextPageToken"])
        except KeyError:
            raise RequestError(
                f"FetchPage.NextPageToken: {fields['NextPageToken']} is not of this transaction"
            ) from None
        return {"Page": _page(page), "ConsumedIOs": {"ReadIOs": 0, "WriteIOs": 0}}

    def _commit_transaction(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        transaction = _transaction(session, fields)
        try:
            receipt = transaction.commit(fields["CommitDigest"])
        except BaseException:
            session.let_go()
            raise
        session.leave()
        return {
            "TransactionId": receipt.transaction_id,
            "CommitDigest": receipt.digest,
            "ConsumedIOs": {"ReadIOs": 0, "WriteIOs": receipt.write_ios},
        }

    def _abort_transaction(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        del fields
        session.leave()
        return {}

    def _end_session(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        del fields
        session.leave()
        with self._lock:
            self._sessions.pop(session.id, None)
        return {}


def _transaction(session: Session, fields: Mapping[str, Any]) -> Transaction:
    wanted = fields["TransactionId"]
    if session.transaction is None or session.transaction.id != wanted:
        raise InvalidTransactionError(f"Transaction {wanted} is not open in this session")
    return session.transaction


def _value(index: int, holder: Mapping[str, Any], trusted: bool) -> Any:
    binary = holder.get("IonBinary")
    try:
        if binary is not None and not trusted:
            check_form(binary, DOCUMENT_DEPTH_MAX)
        return ion.decode(binary) if binary is not None else ion.parse(holder["IonText"])
    except IonError as error:
        raise RequestError(
            f"ExecuteStatement.Parameters: [{index}] is not one Ion value: {error}"
        ) from error


def _page(page: Page) -> dict[str, Any]:
    shown: dict[str, Any] = {"Values": [{"IonBinary": value} for value in page.values]}
    if page.next_token is not None:
        shown["NextPageToken"] = page.next_token
    return shown
