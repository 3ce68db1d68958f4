"""boto3's `qldb` client against every operation on ledgers, digests and tags, and every refusal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import ConflictError
from runtime.ledger.server.options import ServerOptions
from tests.fakes import MemoryStorage
from tests.runtime.ledger.server.serving import Clients, run, serving

ARN = "arn:aws:qldb:us-east-1:000000000000:ledger/cars"
UNKNOWN_ID = "0" * 22


@pytest.fixture
def qldb(clients: Clients) -> Any:
    return clients.boto3("qldb")


def create(qldb: Any, name: str = "cars", **settings: Any) -> Any:
    settings = {"PermissionsMode": "ALLOW_ALL", "DeletionProtection": False, **settings}
    return qldb.create_ledger(Name=name, **settings)


def refused(code: str, status: int, call: Any, **parameters: Any) -> dict[str, Any]:
    """The error's members, once code and status have been compared."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    response = raised.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (
        code,
        status,
    )
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == code
    assert len(response["ResponseMetadata"]["RequestId"]) == 22
    return response


def test_a_created_ledger_is_described(qldb: Any) -> None:
    created = create(qldb, PermissionsMode="STANDARD", Tags={"team": "sales"})
    assert created["Arn"] == ARN
    assert (created["Name"], created["PermissionsMode"]) == ("cars", "STANDARD")
    assert (created["DeletionProtection"], created["KmsKeyArn"]) == (False, "AWS_OWNED_KMS_KEY")
    described = qldb.describe_ledger(Name="cars")
    assert described["State"] == "ACTIVE"
    assert described["CreationDateTime"] == created["CreationDateTime"]
    assert datetime.now(UTC) - described["CreationDateTime"] < timedelta(minutes=1)
    assert described["EncryptionDescription"] == {
        "KmsKeyArn": "AWS_OWNED_KMS_KEY",
        "EncryptionStatus": "ENABLED",
    }
    assert qldb.list_tags_for_resource(ResourceArn=ARN)["Tags"] == {"team": "sales"}


def test_ledgers_are_protected_unless_told_otherwise(qldb: Any) -> None:
    qldb.create_ledger(Name="cars", PermissionsMode="ALLOW_ALL")
    error = refused("ResourcePreconditionNotMetException", 412, qldb.delete_ledger, Name="cars")
    assert (error["ResourceType"], error["ResourceName"]) == ("ledger", "cars")
    updated = qldb.update_ledger(Name="cars", DeletionProtection=False)
    assert updated["DeletionProtection"] is False
    assert "PermissionsMode" not in updated
    qldb.delete_ledger(Name="cars")
    refused("ResourceNotFoundException", 404, qldb.describe_ledger, Name="cars")


def test_a_name_is_taken_once(qldb: Any) -> None:
    create(qldb)
    error = refused(
        "ResourceAlreadyExistsException",
        409,
        qldb.create_ledger,
        Name="cars",
        PermissionsMode="STANDARD",
    )
    assert error["ResourceName"] == "cars"


def test_there_are_as_many_ledgers_as_the_quota_allows(qldb: Any) -> None:
    for number in range(5):
        create(qldb, f"ledger-{number}")
    error = refused(
        "LimitExceededException", 400, qldb.create_ledger, Name="one", PermissionsMode="STANDARD"
    )
    assert error["ResourceType"] == "ledger"


def test_ledgers_are_listed_in_pages(tmp_path: Path) -> None:
    with serving(tmp_path, ServerOptions(ledgers_max=20)) as clients:
        qldb = clients.boto3("qldb")
        names = [f"ledger-{number:02d}" for number in range(7)]
        for name in names:
            create(qldb, name)
        first = qldb.list_ledgers(MaxResults=3)
        assert [ledger["Name"] for ledger in first["Ledgers"]] == names[:3]
        pages = qldb.get_paginator("list_ledgers").paginate(PaginationConfig={"PageSize": 3})
        assert [ledger["Name"] for page in pages for ledger in page["Ledgers"]] == names
        assert "NextToken" not in qldb.list_ledgers(MaxResults=7)
        refused("InvalidParameterException", 400, qldb.list_ledgers, NextToken="AAAA")
        refused("InvalidParameterException", 400, qldb.list_ledgers, NextToken="====")
        refused("InvalidParameterException", 400, qldb.list_ledgers, MaxResults=101)


def test_settings_are_changed(qldb: Any) -> None:
    create(qldb)
    mode = qldb.update_ledger_permissions_mode(Name="cars", PermissionsMode="STANDARD")
    assert {k: mode[k] for k in ("Name", "Arn", "PermissionsMode")} == {
        "Name": "cars",
        "Arn": ARN,
        "PermissionsMode": "STANDARD",
    }
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    assert qldb.update_ledger(Name="cars", KmsKey=key)["EncryptionDescription"]["KmsKeyArn"] == key
    described = qldb.describe_ledger(Name="cars")
    assert (described["PermissionsMode"], described["DeletionProtection"]) == ("STANDARD", False)


@pytest.mark.parametrize("name", ["1234", "-a", "a-", "a--b", "a_b", "a" * 33, "ä", "a/b"])
def test_a_bad_name_is_refused_everywhere(qldb: Any, name: str) -> None:
    error = refused(
        "InvalidParameterException", 400, qldb.create_ledger, Name=name, PermissionsMode="STANDARD"
    )
    assert error["ParameterName"] == "Name"
    refused("InvalidParameterException", 400, qldb.describe_ledger, Name=name)


def test_every_fault_is_named(qldb: Any) -> None:
    error = refused(
        "InvalidParameterException",
        400,
        qldb.create_ledger,
        Name="1",
        PermissionsMode="SOME",
        Tags={"k" * 129: "v" * 257},
    )
    message = error["Error"]["Message"]
    assert all(part in message for part in ("Name", "PermissionsMode", "Tags key", "Tags['kkk"))
    assert message.startswith("4 fault(s)")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("delete_ledger", {}),
        ("describe_ledger", {}),
        ("update_ledger", {"DeletionProtection": True}),
        ("update_ledger_permissions_mode", {"PermissionsMode": "STANDARD"}),
        ("get_digest", {}),
        ("get_block", {"BlockAddress": {"IonText": "{}"}}),
        ("get_revision", {"BlockAddress": {"IonText": "{}"}, "DocumentId": UNKNOWN_ID}),
        ("list_journal_s3_exports_for_ledger", {}),
        ("describe_journal_s3_export", {"ExportId": UNKNOWN_ID}),
    ],
)
def test_an_unknown_ledger_is_not_found(qldb: Any, operation: str, parameters: Any) -> None:
    error = refused(
        "ResourceNotFoundException", 404, getattr(qldb, operation), Name="cars", **parameters
    )
    assert (error["ResourceType"], error["ResourceName"]) == ("ledger", "cars")


def test_the_digest_covers_the_journal(clients: Clients, qldb: Any) -> None:
    driver = clients.ledger()
    refused("ResourcePreconditionNotMetException", 412, qldb.get_digest, Name="cars")
    run(driver, "CREATE TABLE Cars")
    first = qldb.get_digest(Name="cars")
    assert len(first["Digest"]) == 32
    tip = ion.parse(first["DigestTipAddress"]["IonText"])
    assert (len(tip["strandId"]), tip["sequenceNo"]) == (22, 0)
    run(driver, "INSERT INTO Cars ?", {"vin": "a"})
    second = qldb.get_digest(Name="cars")
    assert second["Digest"] != first["Digest"]
    assert ion.parse(second["DigestTipAddress"]["IonText"])["sequenceNo"] == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "{",
        "5",
        "{strandId:1,sequenceNo:0}",
        '{strandId:"x",sequenceNo:0}',
        '{strandId:"STRAND",sequenceNo:1}',
        '{strandId:"STRAND",sequenceNo:-1}',
        '{strandId:"STRAND",sequenceNo:null}',
    ],
)
def test_blocks_that_are_not_there_are_refused(clients: Clients, qldb: Any, address: str) -> None:
    run(clients.ledger(), "CREATE TABLE Cars")
    tip = ion.parse(qldb.get_digest(Name="cars")["DigestTipAddress"]["IonText"])
    wrong = {"IonText": address.replace("STRAND", tip["strandId"])} if address else {}
    error = refused(
        "InvalidParameterException", 400, qldb.get_block, Name="cars", BlockAddress=wrong
    )
    assert error["ParameterName"] == "BlockAddress"


def test_tags_of_a_ledger(qldb: Any) -> None:
    create(qldb, Tags={"a": "1", "b": "2"})
    qldb.tag_resource(ResourceArn=ARN, Tags={"b": "3", "c": "", "päth/x": "y z"})
    tags = {"a": "1", "b": "3", "c": "", "päth/x": "y z"}
    assert qldb.list_tags_for_resource(ResourceArn=ARN)["Tags"] == tags
    qldb.untag_resource(ResourceArn=ARN, TagKeys=["a", "päth/x", "never there"])
    assert qldb.list_tags_for_resource(ResourceArn=ARN)["Tags"] == {"b": "3", "c": ""}


def test_tags_given_when_a_table_is_made(tmp_path: Path) -> None:
    with serving(tmp_path) as clients:
        driver = clients.ledger(PermissionsMode="STANDARD")
        [created] = run(driver, "CREATE TABLE Cars WITH (aws_tags = `{'k': 'v', \"a:b\": \"\"}`)")
        [bare] = run(driver, "CREATE TABLE Bikes")
    with serving(tmp_path) as clients:
        qldb = clients.boto3("qldb")
        arn = f"{ARN}/table/{created['tableId']}"
        assert qldb.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"k": "v", "a:b": ""}
        other = f"{ARN}/table/{bare['tableId']}"
        assert qldb.list_tags_for_resource(ResourceArn=other)["Tags"] == {}
        qldb.tag_resource(ResourceArn=arn, Tags={"k": "w", "n": "1"})
        qldb.untag_resource(ResourceArn=arn, TagKeys=["a:b"])
        assert qldb.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"k": "w", "n": "1"}


def test_tags_of_a_table_that_was_not_made_after_all_are_not_kept() -> None:
    kept: dict[str, Any] = {}
    ledger = Ledger(MemoryStorage(), name="cars", keep_tags=kept.__setitem__)
    late, first = ledger.begin(), ledger.begin()
    late.execute("CREATE TABLE Cars WITH (aws_tags = `{'k': 'v'}`)")
    first.execute("CREATE TABLE Cars")
    first.commit()
    with pytest.raises(ConflictError):
        late.commit()
    assert list(kept.values()) == [{}]


def test_tags_of_a_table(clients: Clients, qldb: Any) -> None:
    driver = clients.ledger()
    [created] = run(driver, "CREATE TABLE Cars")
    arn = f"{ARN}/table/{created['tableId']}"
    qldb.tag_resource(ResourceArn=arn, Tags={"a": "1"})
    assert qldb.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1"}
    assert qldb.list_tags_for_resource(ResourceArn=ARN)["Tags"] == {}
    refused(
        "ResourceNotFoundException",
        404,
        qldb.list_tags_for_resource,
        ResourceArn=f"{ARN}/table/{UNKNOWN_ID}",
    )


def test_tags_go_with_their_ledger(clients: Clients, qldb: Any) -> None:
    create(qldb, "cars-2", Tags={"stays": "here"})
    create(qldb, Tags={"goes": "away"})
    qldb.delete_ledger(Name="cars")
    create(qldb)
    assert qldb.list_tags_for_resource(ResourceArn=ARN)["Tags"] == {}
    assert qldb.list_tags_for_resource(ResourceArn=f"{ARN}-2")["Tags"] == {"stays": "here"}


@pytest.mark.parametrize(
    ("tags", "fault"),
    [
        ({f"key{n}": "" for n in range(51)}, "more than 50"),
        ({"aws:reserved": "x"}, "reserved"),
        ({"k" * 129: "x"}, "characters"),
    ],
)
def test_tags_have_limits(qldb: Any, tags: dict[str, str], fault: str) -> None:
    create(qldb)
    error = refused("InvalidParameterException", 400, qldb.tag_resource, ResourceArn=ARN, Tags=tags)
    assert fault in error["Error"]["Message"]
    assert qldb.list_tags_for_resource(ResourceArn=ARN)["Tags"] == {}
    refused(
        "InvalidParameterException",
        400,
        qldb.create_ledger,
        Name="other",
        PermissionsMode="STANDARD",
        Tags=tags,
    )
    refused("ResourceNotFoundException", 404, qldb.describe_ledger, Name="other")


def test_tags_are_counted_over_calls(qldb: Any) -> None:
    create(qldb, Tags={f"key{n}": "" for n in range(50)})
    qldb.tag_resource(ResourceArn=ARN, Tags={"key0": "again"})
    refused("InvalidParameterException", 400, qldb.tag_resource, ResourceArn=ARN, Tags={"new": ""})


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:qldb:us-east-1:000000000000:ledger/",
        "arn:aws:qldb:us-east-1:111111111111:ledger/cars",
        "arn:aws:s3:::some-bucket-name",
        "arn:aws:qldb:us-east-1:000000000000:ledger/cars/table/short",
        "arn:aws:qldb:us-east-1:000000000000:other/cars",
    ],
)
def test_arns_of_others_are_refused(qldb: Any, arn: str) -> None:
    create(qldb)
    error = refused("InvalidParameterException", 400, qldb.list_tags_for_resource, ResourceArn=arn)
    assert error["ParameterName"] == "ResourceArn"


def test_an_arn_of_an_unknown_ledger_is_not_found(qldb: Any) -> None:
    refused("ResourceNotFoundException", 404, qldb.list_tags_for_resource, ResourceArn=ARN)
