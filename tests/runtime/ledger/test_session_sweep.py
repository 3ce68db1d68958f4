"""What clients leave behind: sessions and transactions are let go, and there is an end to both."""

from typing import Any

import pytest

from runtime.ledger.engine import Ledger
from runtime.ledger.errors import InvalidSessionError, InvalidTransactionError, LimitExceededError
from runtime.ledger.session import IDLE_SESSIONS_FACTOR, SWEEP_S, SessionService
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import ALL, Ticks, insert, with_ads


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def ledger(ticks: Ticks) -> Ledger:
    return with_ads(MemoryStorage(), monotonic=ticks)


@pytest.fixture
def service(ledger: Ledger, ticks: Ticks) -> SessionService:
    return SessionService(
        {"ads-0": ledger}, monotonic=ticks, session_lifetime_s=(900, 900), sessions_max=3
    )


def start(service: SessionService) -> str:
    answer = service.send_command({"StartSession": {"LedgerName": "ads-0"}})
    return answer["StartSession"]["SessionToken"]


def send(service: SessionService, token: str, command: str, **fields: Any) -> Any:
    return service.send_command({"SessionToken": token, command: fields})[command]


def begin(service: SessionService, token: str) -> str:
    return send(service, token, "StartTransaction")["TransactionId"]


def test_sessions_that_are_never_used_have_an_end(service: SessionService, ticks: Ticks) -> None:
    for _ in range(3 * IDLE_SESSIONS_FACTOR):
        start(service)
    with pytest.raises(LimitExceededError, match="used or not"):
        start(service)
    ticks.now_s += 901
    assert begin(service, start(service))


def test_an_expired_transaction_lets_go_of_what_it_read(
    service: SessionService, ledger: Ledger, ticks: Ticks
) -> None:
    insert(ledger, n=1)
    token = start(service)
    transaction_id = begin(service, token)
    send(service, token, "ExecuteStatement", TransactionId=transaction_id, Statement=ALL)
    transaction = service._sessions[token].transaction
    assert transaction is not None
    held = transaction.workspace
    ticks.now_s += 31 + SWEEP_S
    start(service)
    assert transaction.workspace is not held
    with pytest.raises(InvalidTransactionError, match=f"Transaction {transaction_id} has expired"):
        send(service, token, "ExecuteStatement", TransactionId=transaction_id, Statement=ALL)
    send(service, token, "AbortTransaction")
    begin(service, token)


def test_an_open_transaction_keeps_what_it_read(
    service: SessionService, ledger: Ledger, ticks: Ticks
) -> None:
    token = start(service)
    begin(service, token)
    transaction = service._sessions[token].transaction
    assert transaction is not None
    held = transaction.workspace
    ticks.now_s += SWEEP_S
    start(service)
    assert transaction.workspace is held


def test_sessions_end_with_their_ledger(service: SessionService, ledger: Ledger) -> None:
    token = start(service)
    begin(service, token)
    service.end_sessions(ledger)
    with pytest.raises(InvalidSessionError, match="No such session"):
        begin(service, token)
    assert begin(service, start(service))
