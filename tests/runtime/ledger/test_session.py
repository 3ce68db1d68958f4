"""The qldb-session protocol: shapes, paging, tokens, expiry, and what each failure is called."""

from typing import Any

import pytest

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import (
    CommitDigestError,
    ConflictError,
    CorruptJournalError,
    HeadMovedError,
    InvalidSessionError,
    LedgerError,
    LimitExceededError,
    ParseError,
    RequestError,
    StatementError,
    UnavailableError,
    UnknownOutcomeError,
)
from runtime.ledger.hashing import CommitDigest, statement_digest
from runtime.ledger.protocol import service_exception
from runtime.ledger.results import PAGE_VALUES_MAX
from runtime.ledger.session import SessionService
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import ALL, INSERT, Ticks, execute, insert, run, with_ads


class Client:
    """Speaks the protocol as a driver does."""

    def __init__(self, service: SessionService) -> None:
        self.service = service
        self.token = service.send_command({"StartSession": {"LedgerName": "ads-0"}})[
            "StartSession"
        ]["SessionToken"]

    def send(self, command: str, **fields: Any) -> dict[str, Any]:
        answer = self.service.send_command({"SessionToken": self.token, command: fields})
        assert list(answer) == [command]
        assert answer[command]["TimingInformation"]["ProcessingTimeMilliseconds"] >= 1
        return answer[command]

    def start(self) -> str:
        self.transaction = self.send("StartTransaction")["TransactionId"]
        self.digest = CommitDigest(self.transaction)
        return self.transaction

    def execute(self, statement: str, *parameters: Any) -> dict[str, Any]:
        values = [ion.decode(ion.encode(parameter)) for parameter in parameters]
        self.digest.add(statement_digest(statement, values))
        return self.send(
            "ExecuteStatement",
            TransactionId=self.transaction,
            Statement=statement,
            Parameters=[{"IonBinary": ion.encode(v)} for v in values],
        )

    def commit(self) -> dict[str, Any]:
        return self.send(
            "CommitTransaction", TransactionId=self.transaction, CommitDigest=self.digest.value
        )


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def ledger(ticks: Ticks) -> Ledger:
    return with_ads(MemoryStorage(), monotonic=ticks)


@pytest.fixture
def service(ledger: Ledger, ticks: Ticks) -> SessionService:
    return SessionService({"ads-0": ledger}, monotonic=ticks, session_lifetime_s=(900, 900))


@pytest.fixture
def client(service: SessionService) -> Client:
    return Client(service)


def test_a_transaction_from_start_to_commit(client: Client, ledger: Ledger) -> None:
    assert len(client.start()) == 22
    answer = client.execute(INSERT, {"n": 1})
    assert set(answer) == {"FirstPage", "TimingInformation", "ConsumedIOs"}
    (holder,) = answer["FirstPage"]["Values"]
    assert len(ion.decode(holder["IonBinary"])["documentId"]) == 22
    assert "NextPageToken" not in answer["FirstPage"]
    committed = client.commit()
    assert committed["TransactionId"] == client.transaction
    assert committed["CommitDigest"] == client.digest.value
    assert committed["ConsumedIOs"] == {"ReadIOs": 0, "WriteIOs": 1}
    assert run(ledger, ALL) == [1]


def test_values_may_come_as_text(client: Client, ledger: Ledger) -> None:
    client.start()
    document = ion.parse("{price: 10.50, seen: 2020-01-01T}")
    client.digest.add(statement_digest(INSERT, [document]))
    client.send(
        "ExecuteStatement",
        TransactionId=client.transaction,
        Statement=INSERT,
        Parameters=[{"IonText": "{price: 10.50, seen: 2020-01-01T}"}],
    )
    client.commit()
    (row,) = run(ledger, "SELECT a.* FROM Ads AS a")
    assert ion.text(row) == ion.text(document)


def test_values_that_are_not_ion_are_named(client: Client) -> None:
    client.start()
    with pytest.raises(RequestError, match=r"Parameters: \[1\] is not one Ion value"):
        client.send(
            "ExecuteStatement",
            TransactionId=client.transaction,
            Statement="SELECT ? FROM << ? >>",
            Parameters=[{"IonText": "1"}, {"IonBinary": b"not ion"}],
        )


def test_long_results_come_in_pages(client: Client, ledger: Ledger) -> None:
    total = 2 * PAGE_VALUES_MAX + 3
    for first in range(0, total, 40):
        transaction = ledger.begin()
        for n in range(first, min(first + 40, total)):
            execute(transaction, INSERT, {"n": n})
        transaction.commit()
    client.start()
    answer = client.execute(ALL)
    assert answer["ConsumedIOs"]["ReadIOs"] == total
    pages = [answer["FirstPage"]]
    while "NextPageToken" in pages[-1]:
        token = pages[-1]["NextPageToken"]
        fetched = client.send("FetchPage", TransactionId=client.transaction, NextPageToken=token)
        assert set(fetched) == {"Page", "TimingInformation", "ConsumedIOs"}
        again = client.send("FetchPage", TransactionId=client.transaction, NextPageToken=token)
        assert again["Page"] == fetched["Page"]
        pages.append(fetched["Page"])
    assert [len(page["Values"]) for page in pages] == [PAGE_VALUES_MAX, PAGE_VALUES_MAX, 3]
    values = [ion.decode(holder["IonBinary"]) for page in pages for holder in page["Values"]]
    assert sorted(values) == list(range(total))
    token = pages[0]["NextPageToken"]
    client.commit()
    client.start()
    with pytest.raises(RequestError, match="is not of this transaction"):
        client.send("FetchPage", TransactionId=client.transaction, NextPageToken=token)


def test_an_empty_result_has_a_page(client: Client) -> None:
    client.start()
    assert client.execute(ALL)["FirstPage"] == {"Values": []}


def test_another_digest_is_refused(client: Client, ledger: Ledger) -> None:
    client.start()
    client.execute(INSERT, {"n": 1})
    with pytest.raises(CommitDigestError):
        client.send(
            "CommitTransaction", TransactionId=client.transaction, CommitDigest=b"\x01" * 32
        )
    assert run(ledger, ALL) == []


def test_a_statement_sent_twice_is_noticed(client: Client, ledger: Ledger) -> None:
    client.start()
    client.execute(INSERT, {"n": 1})
    digest = client.digest.value
    client.execute(INSERT, {"n": 1})
    client.digest.value = digest
    with pytest.raises(CommitDigestError):
        client.commit()


def test_a_conflict_ends_the_transaction_but_not_the_session(
    client: Client, service: SessionService, ledger: Ledger
) -> None:
    ad = insert(ledger, n=1)
    client.start()
    client.execute("UPDATE Ads AS a BY id SET a.n = 2 WHERE id = ?", ad)
    run(ledger, "UPDATE Ads AS a BY id SET a.n = 3 WHERE id = ?", ad)
    with pytest.raises(ConflictError):
        client.commit()
    client.start()
    client.commit()


def test_one_transaction_at_a_time(client: Client) -> None:
    first = client.start()
    with pytest.raises(RequestError, match=f"{first} is open in this session"):
        client.start()
    client.send("AbortTransaction")
    assert client.start() != first


def test_an_expired_transaction_is_told_so_and_can_be_aborted(
    client: Client, ticks: Ticks, ledger: Ledger
) -> None:
    transaction = client.start()
    client.execute(INSERT, {"n": 1})
    ticks.now_s += 31
    for attempt in (lambda: client.execute(ALL), client.commit):
        with pytest.raises(InvalidSessionError, match=f"^Transaction {transaction} has expired$"):
            attempt()
    assert set(client.send("AbortTransaction")) == {"TimingInformation"}
    client.start()
    client.commit()
    assert run(ledger, ALL) == []


def test_an_expired_transaction_makes_room_for_the_next(client: Client, ticks: Ticks) -> None:
    client.start()
    ticks.now_s += 31
    client.start()


def test_sessions_expire_and_are_forgotten(client: Client, ticks: Ticks) -> None:
    ticks.now_s += 901
    with pytest.raises(InvalidSessionError, match=f"^Session {client.token} has expired$"):
        client.start()
    with pytest.raises(InvalidSessionError, match=r"^No such session$"):
        client.start()


def test_sessions_nobody_uses_do_not_pile_up(service: SessionService, ticks: Ticks) -> None:
    for _ in range(50):
        Client(service)
        ticks.now_s += 100
    assert len(service._sessions) <= 10


def test_an_ended_session_is_gone(client: Client) -> None:
    client.start()
    assert set(client.send("EndSession")) == {"TimingInformation"}
    with pytest.raises(InvalidSessionError, match=r"^No such session$"):
        client.start()


def test_too_many_sessions_start_no_transaction(ledger: Ledger) -> None:
    service = SessionService({"ads-0": ledger}, sessions_max=2)
    clients = [Client(service) for _ in range(3)]
    with pytest.raises(LimitExceededError, match="the limit is 2"):
        clients[0].start()
    clients[2].send("EndSession")
    clients[0].start()


def test_a_transaction_belongs_to_its_session(client: Client, service: SessionService) -> None:
    other = Client(service)
    other.transaction = client.start()
    with pytest.raises(InvalidSessionError, match="is not open in this session"):
        other.send("ExecuteStatement", TransactionId=other.transaction, Statement=ALL)


def test_an_unknown_ledger_is_named(service: SessionService) -> None:
    with pytest.raises(RequestError, match="there is no ledger nowhere"):
        service.send_command({"StartSession": {"LedgerName": "nowhere"}})


ID = "0123456789012345678901"


@pytest.mark.parametrize(
    ("request_", "faults"),
    [
        ({}, ["exactly one command", "none"]),
        ({"SessionToken": "abcd"}, ["exactly one command"]),
        (
            {"StartTransaction": {}, "EndSession": {}, "Odd": 1},
            ["Odd: unknown member", "StartTransaction, EndSession"],
        ),
        ({"StartTransaction": {}}, ["SessionToken: is missing"]),
        (
            {"SessionToken": "a!", "StartTransaction": {"Odd": 1}},
            ["SessionToken: must be 4 to 1024", "StartTransaction.Odd: unknown member"],
        ),
        (
            {"SessionToken": "abcd", "StartSession": {"LedgerName": "a--b"}},
            ["SessionToken: StartSession takes none", "StartSession.LedgerName: must be 1 to 32"],
        ),
        ({"StartSession": {"LedgerName": "123"}}, ["not digits alone"]),
        ({"StartSession": {"LedgerName": "x" * 33}}, ["1 to 32"]),
        ({"StartSession": []}, ["StartSession: must be a structure"]),
        (
            {
                "SessionToken": "abcd",
                "ExecuteStatement": {
                    "TransactionId": "short",
                    "Statement": "",
                    "Parameters": [{"IonText": "1"}, {}, {"IonText": "1", "IonBinary": b"1"}, 4],
                },
            },
            [
                "ExecuteStatement.TransactionId: must be 22",
                "ExecuteStatement.Statement: must be text of 1 to 100000",
                "Parameters: [1] must hold either",
                "[2] must hold either",
                "[3] must be a structure",
            ],
        ),
        (
            {"SessionToken": "abcd", "ExecuteStatement": {"Parameters": "?"}},
            ["TransactionId: is missing", "Statement: is missing", "Parameters: must be a list"],
        ),
        (
            {
                "SessionToken": "abcd",
                "CommitTransaction": {"TransactionId": ID, "CommitDigest": b"short"},
            },
            ["CommitTransaction.CommitDigest: must be 32 bytes"],
        ),
        (
            {
                "SessionToken": "abcd",
                "ExecuteStatement": {
                    "TransactionId": ID,
                    "Statement": "s" * 100_001,
                    "Parameters": [{"IonBinary": bytes(131_073)}],
                },
            },
            ["Statement: must be text", "[0] must hold either"],
        ),
    ],
)
def test_every_fault_is_named(
    service: SessionService, request_: dict[str, Any], faults: list[str]
) -> None:
    with pytest.raises(RequestError) as refused:
        service.send_command(request_)
    assert [fault for fault in faults if fault not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (ConflictError("why"), "OccConflictException", 400),
        (InvalidSessionError("No such session"), "InvalidSessionException", 400),
        (LimitExceededError("much"), "LimitExceededException", 400),
        (ParseError("what"), "BadRequestException", 400),
        (StatementError("what"), "BadRequestException", 400),
        (RequestError("what"), "BadRequestException", 400),
        (CommitDigestError("differs"), "BadRequestException", 400),
        (UnknownOutcomeError("silent"), "UnknownOutcomeException", 504),
        (UnavailableError("silent"), "CapacityExceededException", 503),
        (HeadMovedError("late"), "OccConflictException", 400),
        (CorruptJournalError("flipped"), "InternalFailure", 500),
    ],
)
def test_failures_have_the_names_clients_know(error: LedgerError, code: str, status: int) -> None:
    exception = service_exception(error)
    assert (exception.code, exception.http_status) == (code, status)
    assert str(error) in exception.message


def test_a_conflict_says_what_clients_expect_and_why() -> None:
    message = service_exception(ConflictError("document X")).message
    assert message == (
        "Optimistic concurrency control (OCC) failure encountered while committing the"
        " transaction: document X"
    )
