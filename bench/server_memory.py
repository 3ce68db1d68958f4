"""The most memory the ledger's server holds over a large ledger: `python -m bench.server_memory`.

The server is a process of its own, as people start it. At the same time clients hold many sessions
with open transactions, read by index, write, scan the whole table, ask for digests, blocks and
revisions with their proofs, export the journal, and stream it to a Kinesis that takes everything.
What counts is VmHWM of /proc/PID/status: all memory that the process ever held at once.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from bench.events import EVENTS_A_STREAM, FIND, INSERT, event, events_file, fill
from bench.kinesis_sink import kinesis_sink
from runtime.ledger import ion
from tests.runtime.ledger.server.process import ServerProcess
from tests.runtime.ledger.server.serving import Clients, run

MEMORY_MB_MAX: Final = 300
SECONDS: Final = 60.0
REVISIONS: Final = 1_000_000
SESSIONS: Final = 1_000
"""Held with an open transaction that has read something."""
READERS, WRITERS, PROVERS, SCANNERS = 4, 4, 3, 2
HOARDERS: Final = 45
HOARDED_DOCUMENTS: Final = 28
HOARDED_BYTES: Final = 120_000
LEDGER: Final = "bench"
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
ROLE: Final = "arn:aws:iam::000000000000:role/any"
STREAM: Final = "arn:aws:kinesis:us-east-1:000000000000:stream/any"
SCAN: Final = "SELECT COUNT(*), MAX(e.kind) FROM Events AS e"
EVERYTHING: Final = "SELECT * FROM Events"
POLL_S: Final = 0.2
STREAM_BEGINS_S_MAX: Final = 30.0
"""How long a stream's first records are waited for."""

Work = Callable[[int], None]


class Load:
    """Clients of one server, each repeating what it does until the time is up, once at least."""

    def __init__(
        self, clients: Clients, revisions: int, seconds: float, sent: Callable[[], int]
    ) -> None:
        """Take the server, how many revisions its ledger has, and how many bytes it streamed."""
        self.done: Counter[str] = Counter()
        self._clients = clients
        self._sent = sent
        self._streams = max(1, revisions // EVENTS_A_STREAM)
        self._seconds = seconds
        self._ends_at_s = 0.0

    def run(self, sessions: int) -> None:
        """Everything at the same time."""
        work: list[tuple[str, Work]] = [
            ("rounds of open sessions", self._holding(sessions)),
            *[("reads by index", self._reading())] * READERS,
            *[("commits", self._writing())] * WRITERS,
            *[("proofs", self._proving())] * PROVERS,
            *[("scans", self._scanning())] * SCANNERS,
            ("rounds of hoarding sessions", self._hoarding()),
            ("exports", self._exporting()),
            ("streams", self._streaming()),
        ]
        self._ends_at_s = time.monotonic() + self._seconds
        with ThreadPoolExecutor(len(work)) as threads:
            for each in [threads.submit(self._repeat, name, each) for name, each in work]:
                each.result()

    def _repeat(self, name: str, work: Work) -> None:
        count = 0
        while not count or time.monotonic() < self._ends_at_s:
            work(count)
            count += 1
            self.done[name] += 1

    def _reading(self) -> Work:
        driver = self._clients.driver(LEDGER)
        return lambda n: _any(run(driver, FIND, str(n * 7919 % self._streams)))

    def _writing(self) -> Work:
        driver = self._clients.driver(LEDGER)
        return lambda n: _any(run(driver, INSERT, event(-1 - n)))

    def _scanning(self) -> Work:
        client = self._clients.boto3("qldb-session")
        return lambda n: self._scan(client, (SCAN, EVERYTHING)[n % 2])

    def _scan(self, client: Any, statement: str) -> None:
        """Run a statement and fetch its pages, until it is done or its transaction too old."""
        token, transaction = _begun(client)
        fields: dict[str, Any] = {"TransactionId": transaction}
        try:
            answer = client.send_command(
                SessionToken=token, ExecuteStatement={**fields, "Statement": statement}
            )
            page = answer["ExecuteStatement"]["FirstPage"]
            while (following := page.get("NextPageToken")) and time.monotonic() < self._ends_at_s:
                fields["NextPageToken"] = following
                page = client.send_command(SessionToken=token, FetchPage=fields)["FetchPage"][
                    "Page"
                ]
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidSessionException":
                raise
        client.send_command(SessionToken=token, EndSession={})

    def _hoarding(self) -> Work:
        """Scans that are left half read, and transactions that insert what they do not commit."""
        client = self._clients.boto3("qldb-session")
        document = ion.encode({"stream": "hoard", "p": "z" * HOARDED_BYTES})

        def hoard(_: int) -> None:
            for n in range(HOARDERS):
                token, transaction = _begun(client)
                fields: dict[str, Any] = {"TransactionId": transaction, "Statement": EVERYTHING}
                if n % 3:
                    fields["Statement"] = "INSERT INTO Events ?"
                    fields["Parameters"] = [{"IonBinary": document}]
                for _ in range(HOARDED_DOCUMENTS if n % 3 else 1):
                    self._try(client, token, fields)
                if time.monotonic() >= self._ends_at_s:
                    return

        return hoard

    def _try(self, client: Any, token: str, fields: dict[str, Any]) -> None:
        """Run a statement that may be refused for want of room, or may take too long."""
        try:
            client.send_command(SessionToken=token, ExecuteStatement=fields)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ("CapacityExceededException", "InvalidSessionException"):
                raise
            self.done[code] += 1

    def _proving(self) -> Work:
        qldb = self._clients.boto3("qldb")
        driver = self._clients.driver(LEDGER)

        def prove(n: int) -> None:
            tip = qldb.get_digest(Name=LEDGER)["DigestTipAddress"]
            query = "SELECT c.blockAddress, c.metadata.id FROM _ql_committed_Events AS c"
            [row, *_] = run(
                driver, f"{query} WHERE c.data.stream = ?", str(n * 104_729 % self._streams)
            )
            address = row["blockAddress"]
            text = f'{{strandId: "{address["strandId"]}", sequenceNo: {address["sequenceNo"]}}}'
            asked = {"Name": LEDGER, "BlockAddress": {"IonText": text}, "DigestTipAddress": tip}
            if not qldb.get_revision(**asked, DocumentId=str(row["id"]))["Proof"]:
                raise AssertionError("a revision came without its proof")
            qldb.get_block(**asked)

        return prove

    def _exporting(self) -> Work:
        qldb = self._clients.boto3("qldb")

        def export(_: int) -> None:
            settings = {"ObjectEncryptionType": "NO_ENCRYPTION"}
            to = {"Bucket": "bench", "Prefix": "p/", "EncryptionConfiguration": settings}
            identity = qldb.export_journal_to_s3(
                Name=LEDGER,
                InclusiveStartTime=LONG_AGO,
                ExclusiveEndTime=datetime.now(UTC),
                S3ExportConfiguration=to,
                RoleArn=ROLE,
            )["ExportId"]
            asked = {"Name": LEDGER, "ExportId": identity}
            status = "IN_PROGRESS"
            while status == "IN_PROGRESS" and time.monotonic() < self._ends_at_s:
                time.sleep(POLL_S)
                found = qldb.describe_journal_s3_export(**asked)
                status = found["ExportDescription"]["Status"]

        return export

    def _streaming(self) -> Work:
        qldb = self._clients.boto3("qldb")
        settings = {"StreamArn": STREAM, "AggregationEnabled": True}
        qldb.stream_journal_to_kinesis(
            LedgerName=LEDGER,
            RoleArn=ROLE,
            InclusiveStartTime=LONG_AGO,
            KinesisConfiguration=settings,
            StreamName="all",
        )
        # The server first imports what streams need, which takes long once it is busy.
        began_s = time.monotonic()
        while not self._sent() and time.monotonic() < began_s + STREAM_BEGINS_S_MAX:
            time.sleep(POLL_S)
        return lambda _: time.sleep(POLL_S)

    def _holding(self, sessions: int) -> Work:
        client = self._clients.boto3("qldb-session")

        def hold(_: int) -> None:
            for n in range(sessions):
                token, transaction = _begun(client)
                statement = FIND.replace("?", f"'{n % self._streams}'")
                fields = {"TransactionId": transaction, "Statement": statement}
                client.send_command(SessionToken=token, ExecuteStatement=fields)
                if time.monotonic() >= self._ends_at_s:
                    return
            threading.Event().wait(max(0, self._ends_at_s - time.monotonic()))

        return hold


def main() -> int:
    """Print the most memory that the server held; 1 when that is too much."""
    parser = argparse.ArgumentParser(description="The most memory that the ledger's server holds.")
    parser.add_argument("--file", type=Path, help="a large ledger, as bench.growth makes one")
    parser.add_argument("--revisions", type=int, default=REVISIONS, help="of the ledger")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of load")
    parser.add_argument("--sessions", type=int, default=SESSIONS, help="that are held open")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = prepared(Path(folder), asked.file, asked.revisions)
        print(f"a ledger of {path.stat().st_size / 1e6:,.0f} MB", flush=True)
        peak, done, sent = peak_mb(Path(folder), asked.revisions, asked.seconds, asked.sessions)
    print(", ".join(f"{count:,} {name}" for name, count in sorted(done.items())))
    print(f"{sent / 1e6:,.0f} MB streamed")
    verdict = "met" if peak < MEMORY_MB_MAX else "MISSED"
    print(f"peak memory of the server: {peak:.0f} MB, goal {MEMORY_MB_MAX} MB: {verdict}")
    return int(peak >= MEMORY_MB_MAX)


def prepared(folder: Path, file: Path | None, revisions: int) -> Path:
    """The ledger's file where a server will find it: a copy, or made anew."""
    (folder / "ledgers").mkdir()
    path = folder / "ledgers" / f"{LEDGER}.sqlite"
    if file is None:
        with events_file(path) as ledger:
            for _ in fill(ledger, 0, revisions):
                pass
    else:
        shutil.copy(file, path)
    return path


def peak_mb(
    folder: Path, revisions: int, seconds: float, sessions: int
) -> tuple[float, Counter[str], int]:
    """The most memory the server held in MB, what was done, and bytes that were streamed."""
    with kinesis_sink() as sink, ExitStack() as stack:
        environment = {
            "AWS_ENDPOINT_URL_KINESIS": sink.url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
        }
        process = ServerProcess(folder, 0, "--exports-to-folder", environment=environment)
        server = stack.enter_context(process)
        load = Load(Clients(server.url, stack), revisions, seconds, lambda: sink.taken)
        load.run(sessions)
        return server.peak_mb, load.done, sink.taken


def _begun(client: Any) -> tuple[str, str]:
    """A session and its transaction."""
    answer = client.send_command(StartSession={"LedgerName": LEDGER})
    token = answer["StartSession"]["SessionToken"]
    answer = client.send_command(SessionToken=token, StartTransaction={})
    return token, answer["StartTransaction"]["TransactionId"]


def _any(rows: list[Any]) -> None:
    if not rows:
        raise AssertionError("a statement found nothing")


if __name__ == "__main__":
    sys.exit(main())
