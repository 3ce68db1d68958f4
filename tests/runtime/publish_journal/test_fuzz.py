"""Whatever a journal table's stream brings: it is published whole, or the batch stops there."""

from base64 import b64encode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.journal.errors import BatchError
from runtime.ledger import ion
from tests.fuzzing import changed, effort
from tests.journal_blocks import block_item, table_event
from tests.memory_kinesis import MemoryKinesis
from tests.runtime.publish_journal.test_publisher import (
    journal_of,
    of_kind,
    publisher,
    response,
)

FUZZ = effort(100)
BLOCKS = 3
DAMAGED = 1
"""The block in the middle."""
SEALED = {
    ion.encode(revision["data"])
    for block in journal_of(BLOCKS)[0].blocks
    for revision in ion.decode(block.ion)["revisions"]
}
ATTRIBUTES = st.sampled_from(["kind", "ledger", "ion", "parts", "sk", "pk", "hash"])
VALUES = st.fixed_dictionaries(
    {}, optional={"S": st.text(), "N": st.text(), "B": st.text() | st.just("AAAA"), "M": st.none()}
)


def published(records: list[dict[str, Any]]) -> tuple[list[int], list[str]]:
    """The numbers of the blocks that were, and where the batch goes on.

    Which transaction or statement changed a document may be told wrong where QLDB's own blocks do
    not hash it; what the document became never is.
    """
    kinesis = MemoryKinesis()
    found = response(records, publisher(kinesis))["batchItemFailures"]
    for one in of_kind(kinesis, "REVISION_DETAILS"):
        assert ion.encode(one["revision"]["data"]) in SEALED
    numbers = [one["blockAddress"]["sequenceNo"] for one in of_kind(kinesis, "BLOCK_SUMMARY")]
    return [int(number) for number in numbers], [one["itemIdentifier"] for one in found]


@FUZZ
@given(st.integers(0), st.integers(1, 4))
def test_a_block_with_bytes_changed(seed: int, changes: int) -> None:
    journal, records = journal_of(BLOCKS)
    whole = journal.blocks[DAMAGED].ion
    damaged = changed(whole, seed, changes)
    image = records[DAMAGED]["dynamodb"]["NewImage"]
    image["ion"]["B"] = b64encode(damaged).decode()
    numbers, failed = published(records)
    assert failed in ([], [str(DAMAGED)])
    assert numbers == list(range(DAMAGED if failed else BLOCKS))


@FUZZ
@given(ATTRIBUTES, VALUES)
def test_any_attribute_in_the_place_of_another(name: str, value: dict[str, Any]) -> None:
    _, records = journal_of(BLOCKS)
    records[DAMAGED]["dynamodb"]["NewImage"][name] = value
    numbers, failed = published(records)
    assert failed in ([], [str(DAMAGED)])
    assert numbers in (list(range(DAMAGED)), [0, 2], list(range(BLOCKS)))


@FUZZ
@given(st.binary(max_size=100))
def test_any_bytes_for_a_block_that_comes_first(data: bytes) -> None:
    journal, _ = journal_of(1)
    item = block_item(journal, journal.blocks[0]) | {"ion": {"B": data}}
    records = table_event(item, item)["Records"]
    try:
        published(records)
        raise AssertionError("a batch that begins with a damaged block has to be split")
    except BatchError:
        assert published(records[:1]) == ([], ["0"])
