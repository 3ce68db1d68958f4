"""Where discarded batches are reported: a queue, a topic or a bucket."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.event_sources.delivery import Discarded
from local.event_sources.mappings import Mapping

Client = Callable[[str], Any]
"""A boto3 client by service, with the function's rights."""


def report(mapping: Mapping, shard: str, discarded: Discarded, client: Client) -> None:
    """Send what AWS sends about a discarded batch; nothing when no destination was named."""
    destination = mapping.failure_destination
    if destination is None:
        return
    body = describe(mapping, shard, discarded)
    service = destination.split(":")[2]
    if service == "sqs":
        account, queue = destination.split(":")[4:6]
        sqs = client("sqs")  # Looking its address up would need one more right than on AWS.
        url = f"{sqs.meta.endpoint_url}/{account}/{queue}"
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    elif service == "sns":
        client("sns").publish(TopicArn=destination, Message=json.dumps(body))
    else:
        records = [record.event for record in discarded.records]
        client("s3").put_object(
            Bucket=destination.split(":::")[1],
            Key=_object_key(mapping, shard),
            Body=json.dumps({**body, "payload": json.dumps({"Records": records})}).encode(),
        )


def describe(mapping: Mapping, shard: str, discarded: Discarded) -> dict[str, Any]:
    """The document that AWS sends: which records of the stream, not the records themselves."""
    first, last = discarded.records[0], discarded.records[-1]
    batch = {
        "shardId": shard,
        "startSequenceNumber": first.sequence,
        "endSequenceNumber": last.sequence,
        "approximateArrivalOfFirstRecord": _iso(first.arrived_at),
        "approximateArrivalOfLastRecord": _iso(last.arrived_at),
        "batchSize": len(discarded.records),
        "streamArn": mapping.stream_arn,
    }
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping.function_arn,
            "condition": discarded.condition,
            "approximateInvokeCount": discarded.invoked_count,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": _iso(time.time()),
        "KinesisBatchInfo" if mapping.is_kinesis else "DDBStreamBatchInfo": batch,
    }


def _object_key(mapping: Mapping, shard: str) -> str:
    now = datetime.now(UTC)
    return f"aws/lambda/{mapping.id}/{shard}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"


def _iso(timestamp: float) -> str:
    instant = datetime.fromtimestamp(timestamp, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
