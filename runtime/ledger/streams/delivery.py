"""Puts records into Kinesis for as long as it takes, and says when it cannot be done for now."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from runtime.publish_journal.lanes import Aggregate, Lanes, PutRecordsClient, Stuck

RETRY_BASE_S: Final = 1.0
RETRY_MAX_S: Final = 30.0
"""Between tries, each of which has a few of its own."""

STREAM_NOT_FOUND: Final = "KINESIS_STREAM_NOT_FOUND"
PERMISSION_REVOKED: Final = "IAM_PERMISSION_REVOKED"
_CAUSES: Final[Mapping[str, str]] = {
    "ResourceNotFoundException": STREAM_NOT_FOUND,
    "AccessDeniedException": PERMISSION_REVOKED,
    "KMSAccessDeniedException": PERMISSION_REVOKED,
    "UnrecognizedClientException": PERMISSION_REVOKED,
    "ExpiredTokenException": PERMISSION_REVOKED,
}

Wait = Callable[[float], bool]
"""Waits for seconds; True, at once, when the stream shall stop."""

_log = logging.getLogger(__name__)


class Delivery:
    """The way to one Kinesis stream."""

    def __init__(
        self,
        client: PutRecordsClient,
        stream_name: str,
        wait: Wait,
        impaired: Callable[[str | None], None],
    ) -> None:
        """Take boto3's client and whom to tell why nothing goes on, and None when it does."""
        self._client = _Watched(client)
        self._name = stream_name
        self._lanes = Lanes(self._client, stream_name, sleep=self._pause)
        self._wait = wait
        self._impaired = impaired
        self._told: str | None = "nothing yet"

    def send(self, records: Sequence[Aggregate]) -> bool:
        """Put every record, in order within its lane; False when told to stop before it was done.

        A lane that fails waits for itself alone: what others have taken is not sent again.
        """
        waiting, delay_s = records, RETRY_BASE_S
        while not self._wait(0):
            stuck = self._lanes.send(waiting)
            if not stuck:
                self._tell(None)
                return True
            cause = _CAUSES.get(self._client.error_code or "")
            if cause is None:
                _log.warning("stream %s: %s; trying again", self._name, stuck[0].reason)
            else:
                self._tell(cause)
            waiting = _remaining(waiting, stuck)
            if self._wait(delay_s):
                return False
            delay_s = min(2 * delay_s, RETRY_MAX_S)
        return False

    def _pause(self, seconds: float) -> None:
        self._wait(seconds)

    def _tell(self, cause: str | None) -> None:
        if cause != self._told:
            self._impaired(cause)
            self._told = cause


class _Watched:
    """A client that remembers with which code its newest call failed."""

    def __init__(self, client: PutRecordsClient) -> None:
        self._client = client
        self.error_code: str | None = None

    def put_records(self, **arguments: Any) -> Mapping[str, Any]:
        self.error_code = None
        try:
            return self._client.put_records(**arguments)
        except ClientError as error:
            self.error_code = str(error.response.get("Error", {}).get("Code"))
            raise


def _remaining(records: Sequence[Aggregate], stuck: Sequence[Stuck]) -> list[Aggregate]:
    """The records of stuck lanes from the one on that each is stuck at."""
    starts = {each.first_block for each in stuck}
    reached: set[str] = set()
    remaining: list[Aggregate] = []
    for record in records:
        if record.first_block in starts:
            reached.add(record.lane)
        if record.lane in reached:
            remaining.append(record)
    return remaining
