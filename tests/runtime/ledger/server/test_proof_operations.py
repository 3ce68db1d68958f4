"""boto3's GetBlock and GetRevision, checked by the algorithm that QLDB published."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.ledger import ion
from runtime.ledger.hashing import dot, ion_hash
from tests.runtime.ledger.server.serving import Clients, run

UNKNOWN_ID = "0" * 22


@pytest.fixture
def qldb(clients: Clients) -> Any:
    return clients.boto3("qldb")


@pytest.fixture
def row(clients: Clients) -> Any:
    """The only document's revision, some blocks before the ledger's newest."""
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    run(driver, "INSERT INTO Cars ?", {"vin": "a"})
    [found] = run(driver, "SELECT * FROM _ql_committed_Cars")
    for _ in range(4):
        run(driver, "INSERT INTO Cars ?", {"vin": "b"})
    return found


def address(row: Any, sequence_no: int | None = None) -> dict[str, str]:
    place = dict(row["blockAddress"])
    if sequence_no is not None:
        place["sequenceNo"] = sequence_no
    return {"IonText": ion.text(place)}


def followed(leaf: bytes, proof: Any) -> bytes:
    for sibling in ion.parse(proof["IonText"]):
        leaf = dot(leaf, bytes(sibling))
    return leaf


def test_a_block_is_proven(qldb: Any, row: Any) -> None:
    digest = qldb.get_digest(Name="cars")
    asked = {"Name": "cars", "BlockAddress": address(row)}
    assert "Proof" not in qldb.get_block(**asked)
    answer = qldb.get_block(**asked, DigestTipAddress=digest["DigestTipAddress"])
    block = ion.parse(answer["Block"]["IonText"])
    assert block["revisions"] == [row]
    assert followed(bytes(block["blockHash"]), answer["Proof"]) == digest["Digest"]


def test_a_revision_is_proven(qldb: Any, row: Any) -> None:
    digest = qldb.get_digest(Name="cars")
    asked = {
        "Name": "cars",
        "BlockAddress": address(row),
        "DocumentId": str(row["metadata"]["id"]),
    }
    assert "Proof" not in qldb.get_revision(**asked)
    answer = qldb.get_revision(**asked, DigestTipAddress=digest["DigestTipAddress"])
    revision = ion.parse(answer["Revision"]["IonText"])
    assert revision == row
    leaf = dot(ion_hash(revision["data"]), ion_hash(revision["metadata"]))
    assert followed(leaf, answer["Proof"]) == digest["Digest"]


def test_revisions_of_system_tables_are_shown_as_hashes(qldb: Any, row: Any) -> None:
    answer = qldb.get_block(Name="cars", BlockAddress=address(row, 0))
    [revision] = ion.parse(answer["Block"]["IonText"])["revisions"]
    assert list(revision) == ["hash"]


@pytest.mark.parametrize(
    ("operation", "wrong", "parameter"),
    [
        ("get_revision", {"DocumentId": UNKNOWN_ID}, "DocumentId"),
        ("get_revision", {"block": 0}, "DocumentId"),
        ("get_revision", {"block": 99}, "BlockAddress"),
        ("get_block", {"tip": 0}, "DigestTipAddress"),
        ("get_block", {"tip": 99}, "DigestTipAddress"),
    ],
)
def test_what_cannot_be_proven_is_refused(
    qldb: Any, row: Any, operation: str, wrong: dict[str, Any], parameter: str
) -> None:
    asked = {
        "Name": "cars",
        "BlockAddress": address(row, wrong.get("block")),
        "DigestTipAddress": address(row, wrong.get("tip", 5)),
    }
    if operation == "get_revision":
        asked["DocumentId"] = wrong.get("DocumentId", str(row["metadata"]["id"]))
    with pytest.raises(ClientError) as raised:
        getattr(qldb, operation)(**asked)
    assert raised.value.response["Error"]["Code"] == "InvalidParameterException"
    assert raised.value.response["ParameterName"] == parameter
