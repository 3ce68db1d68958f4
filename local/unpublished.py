"""Publishes blocks whose stream record went with the emulator, so that nobody misses a change.

The emulator keeps no records of tables' streams, and after a crash its state is some moment older
than what the event sources had read. Whoever listens to the journal's stream may be told of a block
twice, as always.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from local.deployer.state import State
from local.errors import LevelError
from runtime.lag.errors import LagError
from runtime.lag.lag import Age, Lag
from runtime.lag.lags import Lags
from runtime.lag.stream import Stream
from runtime.ledger.errors import StorageError
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.items import block_sort_key, journal_key

BLOCKS_MAX = 2_000
"""The newest of each ledger, which are looked at: what a stop can lose is seconds old."""
BLOCKS_A_CALL = 25
LOOK_BACK = timedelta(days=36_500)
"""However long the emulator was down: what the stream still has tells."""
FUNCTION = "aws:lambda/function:Function::journal-stream-publisher"


class Unpublished:
    """Looks for such blocks and hands them to the function that publishes blocks."""

    def __init__(
        self, dynamodb: Any, kinesis: Any, functions: Any, outputs: dict[str, str], made: State
    ) -> None:
        """Use boto3's clients of the emulator; they stay the caller's to close."""
        self._dynamodb = dynamodb
        self._functions = functions
        self._table = outputs["journalTableName"]
        self._stream = Stream(kinesis, outputs["streamName"])
        self._made = made

    def publish(self, ledgers: Sequence[str]) -> int:
        """How many were published; LevelError when one cannot be."""
        return sum(self._publish(lag) for lag in self._lags(ledgers) if isinstance(lag, Lag))

    def _lags(self, ledgers: Sequence[str]) -> Sequence[Lag | Age]:
        """The stream's, behind each ledger."""
        journals = {name: DynamoDbStorage(self._dynamodb, self._table, name) for name in ledgers}
        lags = Lags(journals, {}, self._stream.versions, {}, look_back=LOOK_BACK)
        try:
            return lags.measure(BLOCKS_MAX)
        except (LagError, StorageError) as error:
            raise LevelError(f"what the journal's stream lacks cannot be told: {error}") from error

    def _publish(self, lag: Lag) -> int:
        numbers = range(lag.applied + 1, lag.head + 1)
        for first in numbers[::BLOCKS_A_CALL]:
            some = range(first, min(first + BLOCKS_A_CALL, numbers.stop))
            self._call([self._record(lag.ledger, number) for number in some])
        return len(numbers)

    def _record(self, ledger: str, number: int) -> dict[str, Any]:
        """What the table's stream told of a block when it was inserted."""
        key = {"pk": {"S": journal_key(ledger)}, "sk": {"S": block_sort_key(number)}}
        item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
        told = {"NewImage": item, "SequenceNumber": str(number)}
        return {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": told}

    def _call(self, records: list[dict[str, Any]]) -> None:
        payload = json.dumps({"Records": records}, default=lambda data: b64encode(data).decode())
        name = self._made.resources[FUNCTION].id
        answer = self._functions.invoke(FunctionName=name, Payload=payload)
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer or said.get("batchItemFailures"):
            raise LevelError(f"{name} does not publish blocks the stream lacks: {said}")
