"""A small journal with every kind of block, the same bytes each time it is sealed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from runtime.ledger import ion
from runtime.ledger.block import Change, Draft, StatementInfo, seal
from runtime.ledger.hashing import statement_digest
from runtime.ledger.identifiers import encode_id
from runtime.ledger.storage.port import Commit, StoredBlock

START = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
TABLE = ("8F0TPCmdNQ6JTRpiLj2TmW", "Ads")
AD = (
    '{publisherId:"publisher-1",adTitle:"Red bicycle, nearly new",adDescription:"Ridden twice.",'
    'price:129.90,currency:"€",category:"bicycles",tags:["red",a::bicycle],exact:1.10e0,sold:false,'
    "none:null.int,whole:123456789012345678901234567890,createdAt:2026-01-02T03:04:05.678Z}"
)


def numbered_id(number: int) -> str:
    """The same id for the same number."""
    return encode_id(number.to_bytes(16, "big"))


STRAND = numbered_id(1 << 70)


def draft(
    number: int,
    changes: Sequence[Change],
    statements: Sequence[str] = ("INSERT INTO Ads ?",),
    **options: object,
) -> Draft:
    """Transaction `number`, committed that many seconds after the start."""
    time = START + timedelta(seconds=number)
    return Draft(
        strand_id=STRAND,
        transaction_id=numbered_id(1000 + number),
        statements=[StatementInfo(text, time, statement_digest(text)) for text in statements],
        changes=changes,
        tx_time=time + timedelta(milliseconds=20),
        block_timestamp=time + timedelta(milliseconds=30),
        **options,  # type: ignore[arg-type]
    )


def change(document: int, version: int, text: str | None, *statements: int) -> Change:
    """A change of a numbered document; None deletes it."""
    data = None if text is None else ion.parse(text)
    return Change(*TABLE, numbered_id(document), version, data, statements or (0,))


def drafts() -> list[Draft]:
    """Inserts, an update of several documents, a deletion, a redaction, a change of the catalog."""
    redacted = {
        "blockAddress": {"strandId": STRAND, "sequenceNo": 0},
        "tableId": TABLE[0],
        "documentId": numbered_id(1),
        "version": 0,
    }
    return [
        draft(0, [change(1, 0, AD)], changes_catalog=True),
        draft(1, [change(i, 0, f"{{n:{i}}}") for i in (2, 3, 4)]),
        draft(
            2,
            [change(1, 1, "{a:[1,2,{b:c}]}", 1), change(3, 1, "{}", 0, 1)],
            ("SELECT * FROM Ads", "UPDATE Ads SET n = ?"),
        ),
        draft(3, [change(2, 1, None)]),
        draft(4, [], ("EXEC REDACT_REVISION ?, ?, ?",), redaction_info={"revisions": [redacted]}),
        draft(5, [change(5, 0, "{late:true}")]),
    ]


def sealed(pending: Sequence[Draft] | None = None) -> list[Commit]:
    """The commits of transactions, sealed one upon the other."""
    commits: list[Commit] = []
    head: StoredBlock | None = None
    for each in drafts() if pending is None else pending:
        commit = seal(each, head)
        commits.append(commit)
        head = commit.block
    return commits


def journal() -> list[bytes]:
    """The blocks' bytes."""
    return [commit.block.ion for commit in sealed()]
