"""What the journal's stream has, by its own records."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import repeat
from typing import Any, Final

from runtime.journal.errors import RecordError
from runtime.journal.revisions import decode
from runtime.lag.asking import asking
from runtime.lag.errors import ForeignRecordError, UnreachedError

SHARDS_MAX: Final = 1000
SHARDS_READ_MAX: Final = 8
"""At once."""
PAGES_MAX: Final = 1000
"""Of records, of one shard."""


class Stream:
    """A Kinesis stream of the journal's records, read by nobody's place in it."""

    def __init__(self, client: Any, name: str) -> None:
        """Use boto3's Kinesis client, which stays the caller's to close, and a name or an ARN.

        A role that is confined to one stream may need the ARN: an iterator alone does not tell
        every IAM which stream it is of.
        """
        self._client = client
        self._name = name
        self._of = {"StreamARN": name} if name.startswith("arn:") else {}
        self._named = self._of or {"StreamName": name}

    def versions(self, since: datetime) -> Mapping[str, int]:
        """The newest version of each ad among the records that came since. Raises LagError."""
        with asking(f"stream {self._name}"):
            listed = self._client.list_shards(MaxResults=SHARDS_MAX, **self._named)
        shards: list[str] = [shard["ShardId"] for shard in listed["Shards"]]
        found: dict[str, int] = {}
        with ThreadPoolExecutor(SHARDS_READ_MAX) as pool:
            for versions in pool.map(self._of_shard, shards, repeat(since)):
                for ad_id, version in versions.items():
                    found[ad_id] = max(version, found.get(ad_id, -1))
        return found

    def _of_shard(self, shard: str, since: datetime) -> dict[str, int]:
        found: dict[str, int] = {}
        for data in self._records(shard, since):
            try:
                revisions = decode(data)
            except RecordError as error:
                raise ForeignRecordError(
                    f"stream {self._name} has a record that is none of ours: {error}"
                ) from error
            for revision in revisions:
                found[revision.ad_id] = max(revision.version, found.get(revision.ad_id, -1))
        return found

    def _records(self, shard: str, since: datetime) -> Iterator[bytes]:
        what = f"shard {shard} of stream {self._name}"
        with asking(what):
            iterator = self._client.get_shard_iterator(
                ShardId=shard,
                ShardIteratorType="AT_TIMESTAMP",
                Timestamp=since,
                **self._named,
            )["ShardIterator"]
        for _ in range(PAGES_MAX):
            with asking(what):
                page = self._client.get_records(ShardIterator=iterator, **self._of)
            for record in page["Records"]:
                yield record["Data"]
            iterator = page.get("NextShardIterator")
            if iterator is None or page["MillisBehindLatest"] == 0:
                return
        raise UnreachedError(
            f"{what} has more than {PAGES_MAX} pages since {since.isoformat()}:"
            " look at fewer blocks"
        )
