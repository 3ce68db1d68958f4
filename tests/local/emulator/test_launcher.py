"""What the launcher puts into MiniStack, and that it knows only one version of it."""

import io
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.emulator import servers
from local.emulator.servers import REGION, CloudServer

LAUNCHER = Path(servers.__file__).parent / "launcher"
Client = Callable[[str], Any]
WRITER = f"work{servers.CHAINED[0]}"
PARTITION = [f"{number:03d}" for number in range(120)]


@pytest.fixture(scope="module")
def table(client: Client) -> str:
    """A table with a stream and a partition in no order."""
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="journal",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    for sk in random.Random(1).sample(PARTITION, len(PARTITION)):
        dynamodb.put_item(TableName="journal", Item={"pk": {"S": "p"}, "sk": {"S": sk}})
    return "journal"


def query(client: Client, condition: str, page: int | None = None, **texts: str) -> list[str]:
    """The sort keys that a query finds, page after page."""
    request: dict[str, Any] = {
        "TableName": "journal",
        "KeyConditionExpression": f"pk = :pk{condition}",
        "ExpressionAttributeValues": {
            ":pk": {"S": "p"},
            **{f":{name}": {"S": text} for name, text in texts.items() if name != "order"},
        },
        "ScanIndexForward": texts.get("order") != "newest first",
        **({"Limit": page} if page else {}),
    }
    found: list[str] = []
    while True:
        answer = client("dynamodb").query(**request)
        found += [item["sk"]["S"] for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return found
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


CONDITIONS: list[tuple[str, dict[str, str], Callable[[str], bool]]] = [
    ("", {}, lambda sk: True),
    (" AND sk BETWEEN :a AND :b", {"a": "017", "b": "063"}, lambda sk: "017" <= sk <= "063"),
    (" AND sk >= :a", {"a": "100"}, lambda sk: sk >= "100"),
    (" AND sk > :a", {"a": "100"}, lambda sk: sk > "100"),
    (" AND sk <= :a", {"a": "007"}, lambda sk: sk <= "007"),
    (" AND sk < :a", {"a": "007"}, lambda sk: sk < "007"),
    (" AND sk = :a", {"a": "042"}, lambda sk: sk == "042"),
    (" AND begins_with(sk, :a)", {"a": "03"}, lambda sk: sk.startswith("03")),
    (" AND sk BETWEEN :a AND :b", {"a": "5", "b": "6"}, lambda sk: False),
]


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
@pytest.mark.parametrize("page", [None, 1, 7, 120])
@pytest.mark.parametrize(("condition", "texts", "matches"), CONDITIONS)
def test_a_query_finds_what_dynamodb_would(
    client: Client, table: str, condition: str, texts: Any, matches: Any, page: Any, order: str
) -> None:
    expected = [sk for sk in PARTITION if matches(sk)]
    if order == "newest first":
        expected.reverse()
    assert query(client, condition, page, order=order, **texts) == expected


def test_a_query_sees_what_was_put_and_deleted_since_the_last(client: Client, table: str) -> None:
    dynamodb = client("dynamodb")
    before = query(client, "")
    key = {"pk": {"S": "p"}, "sk": {"S": "0615"}}
    dynamodb.put_item(TableName=table, Item=key)
    assert query(client, "") == sorted([*before, "0615"])
    dynamodb.delete_item(TableName=table, Key=key)
    assert query(client, "") == before


def test_a_page_ends_at_a_megabyte(client: Client, table: str) -> None:
    dynamodb = client("dynamodb")
    for number in range(5):
        item = {"pk": {"S": "large"}, "sk": {"S": str(number)}, "ion": {"B": bytes(300_000)}}
        dynamodb.put_item(TableName=table, Item=item)
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "large"}},
    )
    sizes = [len(page["Items"]) for page in pages]
    assert sum(sizes) == 5
    assert max(sizes) < 5


@pytest.fixture
def reader(client: Client, table: str) -> Iterator[Callable[[str], Any]]:
    """A client of table streams with a role that may read only this stream."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy(trust))["Role"]

    def may_read(stream_arn: str) -> Any:
        actions = ["DescribeStream", "GetRecords", "GetShardIterator"]
        allow = {
            "Effect": "Allow",
            "Action": [f"dynamodb:{action}" for action in actions],
            "Resource": [stream_arn],
        }
        iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=policy(allow))
        keys = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")
        session = boto3.Session(
            aws_access_key_id=keys["Credentials"]["AccessKeyId"],
            aws_secret_access_key=keys["Credentials"]["SecretAccessKey"],
            aws_session_token=keys["Credentials"]["SessionToken"],
            region_name=REGION,
        )
        url = client("dynamodb").meta.endpoint_url
        return session.client("dynamodbstreams", endpoint_url=url)

    yield may_read
    iam.delete_role_policy(RoleName="reader", PolicyName="read")
    iam.delete_role(RoleName="reader")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def stream_arn(client: Client, table: str) -> str:
    return client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]


def test_a_role_may_be_confined_to_one_stream(client: Client, table: str, reader: Any) -> None:
    arn = stream_arn(client, table)
    streams = reader(arn)
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert streams.get_records(ShardIterator=iterator)["Records"]


def test_a_role_without_the_right_is_refused(client: Client, table: str, reader: Any) -> None:
    streams = reader("arn:aws:dynamodb:*:*:table/another/stream/*")
    with pytest.raises(ClientError, match="AccessDenied"):
        streams.describe_stream(StreamArn=stream_arn(client, table))


def test_whoever_listens_is_told_which_stream_grew(
    cloud: CloudServer, client: Client, table: str
) -> None:
    client("kinesis").create_stream(StreamName="lanes", ShardCount=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(5)
        receiver.bind(("127.0.0.1", cloud.home.ports()["wake"]))
        client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "w"}, "sk": {"S": "0"}})
        assert receiver.recv(1000) == b"table/journal"
        client("kinesis").put_record(StreamName="lanes", Data=b"x", PartitionKey="k")
        assert receiver.recv(1000) == b"stream/lanes/shardId-000000000000"


@pytest.fixture(scope="module")
def work(client: Client) -> str:
    """A function that says which process ran it, from which folder, from when to when."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "work.py",
            "import os, pathlib, time\n"
            "def handler(event, context):\n"
            "    began = time.time()\n"
            "    time.sleep(0.5)\n"
            "    folder = str(pathlib.Path(__file__).resolve().parent)\n"
            "    return [os.getpid(), folder, began, time.time()]\n",
        )
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    role = client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=policy(trust))
    for name in ("work", WRITER):
        client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=role["Role"]["Arn"],
            Handler="work.handler",
            Code={"ZipFile": code.getvalue()},
        )
    return "work"


def calls(client: Client, function: str, count: int) -> list[Any]:
    """The answers to so many calls at once."""
    with ThreadPoolExecutor(count) as pool:
        answers = pool.map(lambda _: client("lambda").invoke(FunctionName=function), range(count))
        return [json.loads(answer["Payload"].read()) for answer in answers]


def test_workers_share_one_unpacked_copy(cloud: CloudServer, client: Client, work: str) -> None:
    answers = calls(client, work, 2)
    assert len({answer[0] for answer in answers}) == 2
    (folder,) = {answer[1] for answer in answers}
    assert Path(folder).parent == cloud.home.cloud / "unpacked"


def test_a_burst_waits_its_turn(client: Client, work: str) -> None:
    limit = max(2, os.cpu_count() or 1)
    spans = [(answer[2], answer[3]) for answer in calls(client, work, limit + 3)]
    at_once = max(sum(a <= began < z for a, z in spans) for began, _ in spans)
    assert 2 <= at_once <= limit


@pytest.mark.usefixtures("work")
def test_of_who_appends_to_a_chain_there_is_one(client: Client) -> None:
    """Two would be rivals, of which the one that has more to ask could lose for seconds."""
    answers = calls(client, WRITER, 3)
    assert len({answer[0] for answer in answers}) == 1
    spans = sorted((answer[2], answer[3]) for answer in answers)
    assert all(ended <= began for (_, ended), (began, _) in itertools.pairwise(spans))


def test_any_other_version_is_refused(tmp_path: Path) -> None:
    metadata = tmp_path / "ministack-9.9.9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: ministack\nVersion: 9.9.9\n")
    done = subprocess.run(
        [sys.executable, str(LAUNCHER)],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "MiniStack 9.9.9 is installed" in done.stderr
