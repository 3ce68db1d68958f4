"""The qldb-session service: commands as dicts in, answers as dicts out, whatever carries them."""

import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import (
    InvalidSessionError,
    InvalidTransactionError,
    IonError,
    LimitExceededError,
    RequestError,
)
from runtime.ledger.identifiers import new_id
from runtime.ledger.protocol import Command, parse
from runtime.ledger.transaction import Transaction

PAGE_VALUES_MAX = 200
SESSION_LIFETIME_S = (13 * 60.0, 17 * 60.0)
"""A session lives for a random time between these, busy or not."""
SESSIONS_MAX = 3_000


@dataclass(slots=True)
class Session:
    """One client's place in the service: at most one transaction is open in it."""

    id: str
    ledger: Ledger
    expires_at_s: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    transaction: Transaction | None = None
    results: list[list[Any]] = field(default_factory=list[list[Any]])
    """Rows of the open transaction's statements that did not fit one page."""


class SessionService:
    """Answers SendCommand for some ledgers; threads may share it, a session is served in turn."""

    def __init__(
        self,
        ledgers: Mapping[str, Ledger],
        *,
        session_lifetime_s: tuple[float, float] = SESSION_LIFETIME_S,
        sessions_max: int = SESSIONS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the ledgers by name; the mapping may change later."""
        self._ledgers = ledgers
        self._session_lifetime_s = session_lifetime_s
        self._sessions_max = sessions_max
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._commands: dict[str, Callable[[Session, Mapping[str, Any]], dict[str, Any]]] = {
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
                answer = handler(session, command.fields)
        elapsed_ms = math.ceil((time.perf_counter() - started_s) * 1000)
        answer["TimingInformation"] = {"ProcessingTimeMilliseconds": elapsed_ms}
        return {command.name: answer}

    def _start_session(self, command: Command) -> dict[str, Any]:
        name = command.fields["LedgerName"]
        ledger = self._ledgers.get(name)
        if ledger is None:
            raise RequestError(f"StartSession.LedgerName: there is no ledger {name}")
        now_s = self._monotonic()
        lifetime_s = random.uniform(*self._session_lifetime_s)  # noqa: S311 - spreads the renewals.
        session = Session(new_id(), ledger, now_s + lifetime_s)
        with self._lock:
            for expired in [s.id for s in self._sessions.values() if s.expires_at_s <= now_s]:
                del self._sessions[expired]
            self._sessions[session.id] = session
        return {"SessionToken": session.id}

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
        self._leave(session)
        session.transaction = session.ledger.begin()
        return {"TransactionId": session.transaction.id}

    def _execute_statement(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        transaction = _transaction(session, fields)
        parameters = [
            _value(index, holder) for index, holder in enumerate(fields.get("Parameters") or ())
        ]
        rows = transaction.execute(fields["Statement"], parameters)
        number = len(session.results)
        if len(rows) > PAGE_VALUES_MAX:
            session.results.append(rows)
        return {
            "FirstPage": _page(rows, number, 0),
            "ConsumedIOs": {"ReadIOs": transaction.statement_read_ios, "WriteIOs": 0},
        }

    def _fetch_page(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        _transaction(session, fields).check_open()
        number, _, first = fields["NextPageToken"].partition("/")
        try:
            page = _page(session.results[int(number)], int(number), int(first))
        except (ValueError, IndexError):
            raise RequestError(
                f"FetchPage.NextPageToken: {fields['NextPageToken']} is not of this transaction"
            ) from None
        return {"Page": page, "ConsumedIOs": {"ReadIOs": 0, "WriteIOs": 0}}

    def _commit_transaction(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        receipt = _transaction(session, fields).commit(fields["CommitDigest"])
        self._leave(session)
        return {
            "TransactionId": receipt.transaction_id,
            "CommitDigest": receipt.digest,
            "ConsumedIOs": {"ReadIOs": 0, "WriteIOs": receipt.write_ios},
        }

    def _abort_transaction(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        del fields
        self._leave(session)
        return {}

    def _end_session(self, session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
        del fields
        self._leave(session)
        with self._lock:
            self._sessions.pop(session.id, None)
        return {}

    def _leave(self, session: Session) -> None:
        if session.transaction is not None:
            session.transaction.abort()
        session.transaction = None
        session.results.clear()


def _transaction(session: Session, fields: Mapping[str, Any]) -> Transaction:
    wanted = fields["TransactionId"]
    if session.transaction is None or session.transaction.id != wanted:
        raise InvalidTransactionError(f"Transaction {wanted} is not open in this session")
    return session.transaction


def _value(index: int, holder: Mapping[str, Any]) -> Any:
    binary = holder.get("IonBinary")
    try:
        return ion.decode(binary) if binary is not None else ion.parse(holder["IonText"])
    except IonError as error:
        raise RequestError(
            f"ExecuteStatement.Parameters: [{index}] is not one Ion value: {error}"
        ) from error


def _page(rows: list[Any], number: int, first: int) -> dict[str, Any]:
    """One page of a result; its token names the result and the next page's first row."""
    if not 0 <= first <= len(rows):
        raise IndexError(first)
    last = first + PAGE_VALUES_MAX
    page: dict[str, Any] = {"Values": [{"IonBinary": ion.encode(row)} for row in rows[first:last]]}
    if last < len(rows):
        page["NextPageToken"] = f"{number:04d}/{last}"
    return page
