"""GetBlock and GetRevision on a ledger that can prove: what is asked and how it is told."""

from typing import Any

import pytest

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.server.errors import InvalidParameterError
from runtime.ledger.server.proof_operations import ProofOperations
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import run

HASH = bytes(range(32))
DOCUMENT_ID = "0" * 22


class MemoryProver(Ledger):
    """Shows what it was asked for."""

    def block(self, sequence_no: int, tip: int | None) -> tuple[Any, Any]:
        return {"asked": sequence_no}, None if tip is None else [HASH] * tip

    def revision(self, sequence_no: int, document_id: str, tip: int | None) -> tuple[Any, Any]:
        return {"asked": sequence_no, "id": document_id}, None if tip is None else [HASH] * tip


@pytest.fixture
def ledger() -> Ledger:
    ledger = MemoryProver(MemoryStorage(), name="cars")
    for name in ("A", "B", "C"):
        run(ledger, f"CREATE TABLE {name}")
    return ledger


def address(ledger: Ledger, sequence_no: int) -> dict[str, str]:
    return {"IonText": f'{{strandId: "{ledger.digest().strand_id}", sequenceNo: {sequence_no}}}'}


def test_a_block_without_a_proof(ledger: Ledger) -> None:
    asked = {"Name": "cars", "BlockAddress": address(ledger, 1)}
    assert ProofOperations({"cars": ledger}).get_block(asked) == {"Block": {"IonText": "{asked:1}"}}


def test_a_block_and_a_revision_with_a_proof(ledger: Ledger) -> None:
    operations = ProofOperations({"cars": ledger})
    asked = {
        "Name": "cars",
        "BlockAddress": address(ledger, 1),
        "DigestTipAddress": address(ledger, 2),
        "DocumentId": DOCUMENT_ID,
    }
    block, revision = operations.get_block(asked), operations.get_revision(asked)
    assert list(ion.parse(block["Proof"]["IonText"])) == [HASH, HASH]
    assert list(ion.parse(revision["Proof"]["IonText"])) == [HASH, HASH]
    assert ion.parse(revision["Revision"]["IonText"]) == {"asked": 1, "id": DOCUMENT_ID}


def test_a_tip_before_the_block_is_refused(ledger: Ledger) -> None:
    asked = {
        "Name": "cars",
        "BlockAddress": address(ledger, 1),
        "DigestTipAddress": address(ledger, 0),
    }
    with pytest.raises(InvalidParameterError, match="before block 1") as raised:
        ProofOperations({"cars": ledger}).get_block(asked)
    assert raised.value.members == {"ParameterName": "DigestTipAddress"}
