"""The hashes of a block's own structs are those of the structs as Ion."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.hashing import ion_hash
from runtime.ledger.layout_hashes import header_hash, info_hash, metadata_hashes

TEXTS = st.text(max_size=30) | st.sampled_from(["\x0b", "\x0c\x0e", "a\x0bb"])
NUMBERS = st.integers(0, 1 << 62)
FROM, TO = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001 - hypothesis adds the zone.
MOMENTS = st.datetimes(FROM, TO, timezones=st.just(UTC)) | st.integers(0, 999).map(
    lambda n: datetime(2030, 1, 2, 3, 4, 5, n * 1000, UTC)
)
DIGESTS = st.binary(min_size=32, max_size=32)


@given(TEXTS, NUMBERS, TEXTS, MOMENTS)
@example("s", 0, "t", datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=2))))
@settings(deadline=None)
def test_the_header(strand_id: str, sequence_no: int, transaction_id: str, at: datetime) -> None:
    assert header_hash(strand_id, sequence_no, transaction_id, at) == ion_hash(
        {
            "blockAddress": {"strandId": strand_id, "sequenceNo": sequence_no},
            "transactionId": transaction_id,
            "blockTimestamp": ion.timestamp(at),
        }
    )


@given(st.lists(st.tuples(TEXTS, NUMBERS), max_size=4), MOMENTS, TEXTS)
@settings(deadline=None)
def test_metadata(revisions: list[tuple[str, int]], at: datetime, tx_id: str) -> None:
    assert metadata_hashes(revisions, at, tx_id) == [
        ion_hash({"id": own, "version": version, "txTime": ion.timestamp(at), "txId": tx_id})
        for own, version in revisions
    ]


@given(
    st.lists(st.tuples(TEXTS, MOMENTS, DIGESTS), max_size=3),
    st.lists(
        st.tuples(TEXTS, TEXTS, TEXTS, st.lists(NUMBERS, max_size=3)),
        max_size=3,
        unique_by=lambda document: document[0],
    ),
)
@settings(deadline=None)
def test_what_ran(
    statements: list[tuple[str, datetime, bytes]],
    documents: list[tuple[str, str, str, list[int]]],
) -> None:
    info: dict[str, object] = {
        "statements": [
            {"statement": text, "startTime": ion.timestamp(at), "statementDigest": digest}
            for text, at, digest in statements
        ]
    }
    if documents:
        info["documents"] = {
            own: {"tableName": name, "tableId": table_id, "statements": numbers}
            for own, name, table_id, numbers in documents
        }
    assert info_hash(statements, documents) == ion_hash(info)
