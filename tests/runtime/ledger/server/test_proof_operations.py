"""boto3's GetBlock and GetRevision, checked by the algorithm that QLDB published."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.ledger import ion
from runtime.ledger.errors import ProofError
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.verify import answers
from runtime.ledger.verify.proofs import check_consistency, check_tip
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


def test_a_ledger_is_proven_to_have_grown_only(qldb: Any, row: Any) -> None:
    newest = qldb.get_digest(Name="cars")
    tip = int(answers.digest(newest).sequence_no)
    kept = [
        qldb.get_consistency_proof(
            Name="cars", OldDigestTipAddress=address(row, 0), DigestTipAddress=address(row, number)
        )
        for number in range(tip + 1)
    ]
    assert answers.digest(kept[-1]) == answers.digest(newest)
    for old in kept:
        asked = {"Name": "cars", "OldDigestTipAddress": old["DigestTipAddress"]}
        answer = qldb.get_consistency_proof(**asked)
        assert answers.digest(answer) == answers.digest(newest)
        check_consistency(answers.digest(old), answers.digest(answer), answers.proof(answer))
        forged = answers.KnownDigest(bytes(32), answers.digest(old).strand_id, tip)
        with pytest.raises(ProofError):
            check_consistency(answers.digest(old), forged, answers.proof(answer))
    digest, proven = (
        answers.digest(newest),
        qldb.get_block(
            Name="cars",
            BlockAddress=newest["DigestTipAddress"],
            DigestTipAddress=newest["DigestTipAddress"],
        ),
    )
    check_tip(ion.parse(proven["Block"]["IonText"]), answers.proof(proven), digest)


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"OldDigestTipAddress": 99}, "OldDigestTipAddress"),
        ({"DigestTipAddress": 99}, "DigestTipAddress"),
        ({"OldDigestTipAddress": 4, "DigestTipAddress": 3}, "DigestTipAddress"),
    ],
)
def test_digests_that_are_not_there_are_refused(
    qldb: Any, row: Any, wrong: dict[str, int], parameter: str
) -> None:
    asked = {"OldDigestTipAddress": 1, **wrong}
    with pytest.raises(ClientError) as raised:
        qldb.get_consistency_proof(
            Name="cars", **{name: address(row, number) for name, number in asked.items()}
        )
    assert raised.value.response["Error"]["Code"] == "InvalidParameterException"
    assert raised.value.response["ParameterName"] == parameter


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
