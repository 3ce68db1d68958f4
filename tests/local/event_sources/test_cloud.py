"""Streams of the embedded cloud: Lambda's events, read with the function's rights."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.emulator.servers import REGION, CloudServer
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.clients import Cloud
from local.event_sources.service import Service
from tests.local.event_sources.fakes import wait_until

Client = Callable[[str], Any]
ACCOUNT = "000000000000"
CODE = """
import json, os, boto3

def handler(event, context):
    sequences = []
    for record in event["Records"]:
        if "poison" in json.dumps(record.get("dynamodb")):
            raise ValueError("poison")
        sequences.append(record)
    boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(sequences))
"""
READS = {
    "dynamodb": ["DescribeStream", "GetRecords", "GetShardIterator"],
    "kinesis": ["ListShards", "GetRecords", "GetShardIterator"],
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


class Scene:
    """A function that tells a queue what it sees, and a service that feeds it."""

    def __init__(self, cloud: CloudServer, client: Client, name: str, folder: Path) -> None:
        self.client, self.name = client, name
        self.seen = client("sqs").create_queue(QueueName=f"{name}-seen")["QueueUrl"]
        self.failed = client("sqs").create_queue(QueueName=f"{name}-failed")["QueueUrl"]
        self._make_function()
        self.checkpoints = Checkpoints(folder / "checkpoints.db")
        source = Cloud(cloud.url, REGION)
        self.service = Service(
            source.mappings, source.source, self.checkpoints, source.invoke, source.report
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.service.run, args=(self._stopping,))

    def permit(self, stream_arn: str) -> None:
        """Let the function's role read the stream and report to its failure queue."""
        service = stream_arn.split(":")[2]
        reads = allow([f"{service}:{action}" for action in READS[service]], stream_arn)
        queues = allow(["sqs:SendMessage"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}-*")
        self.client("iam").put_role_policy(
            RoleName=self.name, PolicyName="reads", PolicyDocument=policy(reads, queues)
        )

    def map(self, stream_arn: str, **settings: Any) -> None:
        self.client("lambda").create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=stream_arn,
            StartingPosition="TRIM_HORIZON",
            MaximumRetryAttempts=1,
            BisectBatchOnFunctionError=True,
            DestinationConfig={
                "OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}-failed"}
            },
            **settings,
        )
        self._thread.start()

    def messages(self, queue: str) -> list[Any]:
        got = self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in got.get("Messages", [])]

    def first(self, queue: str) -> Any:
        found: list[Any] = []
        wait_until(lambda: bool(found.extend(self.messages(queue)) or found), f"{queue} has one")
        return found[0]

    def close(self) -> None:
        self._stopping.set()
        if self._thread.ident:
            self._thread.join()
        self.service.stop()
        self.checkpoints.close()
        for mapping in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
            self.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])

    def _make_function(self) -> None:
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
        role = self.client("iam").create_role(
            RoleName=self.name, AssumeRolePolicyDocument=policy(trust)
        )["Role"]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("work.py", CODE)
        self.client("lambda").create_function(
            FunctionName=self.name,
            Runtime="python3.11",
            Role=role["Arn"],
            Handler="work.handler",
            Code={"ZipFile": packed.getvalue()},
            Environment={"Variables": {"SEEN": self.seen}},
        )


@pytest.fixture
def scene(
    cloud: CloudServer, client: Client, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    scene = Scene(cloud, client, name, tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def lanes(client: Client, request: pytest.FixtureRequest) -> str:
    """The ARN of a Kinesis stream."""
    name = f"lanes-{abs(hash(request.node.name))}"
    client("kinesis").create_stream(StreamName=name, ShardCount=1)
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


@pytest.fixture
def journal(client: Client, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A table with a stream."""
    return client("dynamodb").create_table(
        TableName=f"journal-{abs(hash(request.node.name))}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]


def test_kinesis_records_arrive_as_lambda_writes_them(
    scene: Scene, client: Client, lanes: str
) -> None:
    client("kinesis").put_record(StreamARN=lanes, Data=b"\x00ion", PartitionKey="lane-07")
    scene.permit(lanes)
    scene.map(lanes)
    (record,) = scene.first(scene.seen)
    assert record["kinesis"]["data"] == "AGlvbg=="
    assert record["kinesis"]["partitionKey"] == "lane-07"
    assert record["eventSource"] == "aws:kinesis"
    assert record["eventSourceARN"] == lanes
    assert record["eventID"] == f"shardId-000000000000:{record['kinesis']['sequenceNumber']}"


def test_table_changes_arrive_as_lambda_writes_them(
    scene: Scene, client: Client, journal: dict[str, Any]
) -> None:
    item = {"pk": {"S": "a"}, "kind": {"S": "block"}, "ion": {"B": b"\x00ion"}}
    other = {"pk": {"S": "b"}, "kind": {"S": "revision"}}
    for each in (other, item):
        client("dynamodb").put_item(TableName=journal["TableName"], Item=each)
    arn = journal["LatestStreamArn"]
    scene.permit(arn)
    pattern = json.dumps({"dynamodb": {"NewImage": {"kind": {"S": ["block"]}}}})
    scene.map(arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    (record,) = scene.first(scene.seen)
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"] == arn
    assert record["dynamodb"]["NewImage"]["ion"] == {"B": "AGlvbg=="}
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "a"}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int | float)


def test_poison_ends_in_the_failure_queue_and_the_rest_goes_on(
    scene: Scene, client: Client, journal: dict[str, Any]
) -> None:
    for key in ("a", "poison", "z"):
        client("dynamodb").put_item(TableName=journal["TableName"], Item={"pk": {"S": key}})
    arn = journal["LatestStreamArn"]
    scene.permit(arn)
    scene.map(arn)
    told = scene.first(scene.failed)
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1
    assert told["DDBStreamBatchInfo"]["streamArn"] == arn
    seen: list[str] = []

    def rest_arrived() -> bool:
        batches = scene.messages(scene.seen)
        seen.extend(r["dynamodb"]["Keys"]["pk"]["S"] for batch in batches for r in batch)
        return sorted(seen) == ["a", "z"]

    wait_until(rest_arrived, "the others were delivered")


def test_a_role_that_may_not_read_gets_nothing(scene: Scene, client: Client, lanes: str) -> None:
    client("kinesis").put_record(StreamARN=lanes, Data=b"x", PartitionKey="k")
    scene.permit(lanes.replace("stream/", "stream/another-"))
    scene.map(lanes)
    assert scene.service.ready.wait(10)
    threading.Event().wait(1)
    assert scene.messages(scene.seen) == []
    scene.permit(lanes)
    assert scene.first(scene.seen)
