"""A journal in a DynamoDB table that nobody updates, but to redact, or deletes from.

A commit is one TransactWriteItems of Puts, each on the condition that its item is not there yet,
so the writer's role needs neither UpdateItem nor DeleteItem. Reads are strongly consistent, but the
items of one commit become visible one by one: Settling makes up for that.
"""

import time
from collections.abc import Callable, Collection, Iterator
from hashlib import sha256
from typing import Any, Final

from runtime.ledger.errors import CorruptJournalError, LimitExceededError
from runtime.ledger.storage import items
from runtime.ledger.storage.batch_reads import items_at
from runtime.ledger.storage.dynamodb_errors import wrapped
from runtime.ledger.storage.items import Item
from runtime.ledger.storage.port import Commit, IndexEntry, Leaf, StoredBlock, StoredRevision
from runtime.ledger.storage.redacting import rewrites
from runtime.ledger.storage.settling import Settling

TRANSACTION_ITEMS_MAX: Final = 100
TRANSACTION_BYTES_MAX: Final = 4 * 1024 * 1024
"""DynamoDB's limits on one TransactWriteItems."""
STEP_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of one of several writes of a commit, which may be as small as one likes."""
TOKEN_CHARACTERS_MAX: Final = 36
"""DynamoDB's limit on a ClientRequestToken."""
TORN_READS_MAX: Final = 8
"""How often a block is read again of which a query saw only some parts."""
TORN_WAIT_S: Final = 0.1
"""Before it is."""


class DynamoDbStorage:
    """One ledger's journal in a table that it may share with other ledgers; see JournalStorage."""

    def __init__(
        self,
        client: Any,
        table_name: str,
        ledger: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use boto3's low-level DynamoDB client; it stays the caller's to close."""
        self._client = client
        self._sleep = sleep
        self._settling = Settling(client, table_name, ledger, sleep=sleep)
        self._table_name = table_name
        self._ledger = ledger

    def head(self) -> StoredBlock | None:
        """The newest block: one query, two when it is in parts, one call more after a rival."""
        pk = items.journal_key(self._ledger)
        newest = next(self._query(pk, newest_first=True, limit=1), None)
        if newest is None:
            return None
        if items.is_alone(newest):
            self._settling.await_items_of(newest)
            return next(items.blocks(iter([newest])))
        number = items.sequence_no(newest)
        sk = items.block_sort_key(number)
        first_item = next(self._query(pk, between=(sk, sk)), None)
        if first_item is None:  # It is not there yet, so the block before still is the head.
            return next(self.blocks(number - 1, number - 1), None)
        self._settling.await_items_of(first_item)
        return next(self.blocks(number, number))

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        """Blocks first..last in order.

        A query may see only some items of a commit that is being applied; it is asked again.
        """
        end = items.block_sort_key(items.SEQUENCE_MAX if last is None else last, items.PART_MAX)
        torn_reads = 0
        while True:
            found = self._query(
                items.journal_key(self._ledger), between=(items.block_sort_key(first), end)
            )
            try:
                for block in items.blocks(found):
                    yield block
                    first = block.sequence_no + 1
                return
            except CorruptJournalError:
                torn_reads += 1
                if torn_reads > TORN_READS_MAX:
                    raise
                self._sleep(TORN_WAIT_S)

    def leaves(self, sequence_nos: Collection[int]) -> dict[int, Leaf]:
        """Hashes and peaks of these blocks, those that exist: a query for each run of neighbours.

        So that nothing but the right to query is needed.
        """
        found: dict[int, Leaf] = {}
        for first, last in _runs(sequence_nos):
            between = (items.block_sort_key(first), items.block_sort_key(last))
            for item in self._query(
                items.journal_key(self._ledger), between=between, only="sk, hash, peaks"
            ):
                if "peaks" in item:
                    found[items.sequence_no(item)] = items.leaf(item)
        return found

    def append(self, commit: Commit) -> None:
        """Put the block and what it brings, all or nothing."""
        puts = list(items.items(self._ledger, commit))
        self._check_limits(commit, puts)
        self._transact(commit, puts)

    def append_in_steps(self, commit: Commit) -> None:
        """Put what the block brings, as often as it takes; then the block, if it is the next."""
        own: list[Item] = []
        steps: list[list[Item]] = [[]]
        size = 0
        for item in items.items(self._ledger, commit):
            if items.is_of_journal(item):
                own.append(item)
                continue
            size += items.size_bytes(item)
            if len(steps[-1]) == TRANSACTION_ITEMS_MAX or size > STEP_BYTES_MAX:
                steps.append([])
                size = items.size_bytes(item)
            steps[-1].append(item)
        self._check_limits(commit, own)
        for number, step in enumerate(filter(None, steps)):
            with wrapped(
                f"put step {number} of block {commit.block.sequence_no} to {self._name()}"
            ):
                self._client.transact_write_items(
                    TransactItems=[
                        {"Put": {"TableName": self._table_name, "Item": item}} for item in step
                    ]
                )
        self._transact(commit, own)

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        """The newest revision of a document: one query."""
        pk = items.document_key(self._ledger, table_id, document_id)
        newest = next(self._query(pk, newest_first=True, limit=1), None)
        return None if newest is None else self._revision(newest, table_id, document_id)

    def revision(self, table_id: str, document_id: str, version: int) -> StoredRevision | None:
        """One version of a document: one query of one item, for which no other right is needed."""
        pk = items.document_key(self._ledger, table_id, document_id)
        sk = items.version_sort_key(version)
        found = next(self._query(pk, between=(sk, sk), limit=1), None)
        return None if found is None else self._revision(found, table_id, document_id)

    def places(
        self, table_id: str, versions: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], int]:
        """The block of each of these versions, of those that there are: one call for all."""
        found = items_at(
            self._client,
            self._table_name,
            [items.revision_key(self._ledger, table_id, *version) for version in versions],
            "pk, sk, sequence_no",
            what=f"where {len(versions)} versions are in {self._name()}",
            sleep=self._sleep,
        )
        newest = max(map(items.brought_by, found), default=-1)
        if not self._settling.is_settled(newest):
            self._settling.await_block(newest, self.head)
        return {items.document_version(item): items.brought_by(item) for item in found}

    def history(self, table_id: str, document_id: str, first: int = 0) -> Iterator[StoredRevision]:
        """The revisions of a document from version `first` on, oldest first, page by page."""
        pk = items.document_key(self._ledger, table_id, document_id)
        versions = (items.version_sort_key(first), items.version_sort_key(items.VERSION_MAX))
        for item in self._query(pk, between=versions if first else None):
            yield self._revision(item, table_id, document_id)

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        """The newest revision of every document, by document id: one query for each."""
        for document_id in self._members(table_id):
            newest = self.current(table_id, document_id)
            if newest is not None:
                yield newest

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        """Every revision of every document, by document id, then version."""
        for document_id in self._members(table_id):
            yield from self.history(table_id, document_id)

    def lookup(self, index_id: str, key: bytes) -> tuple[IndexEntry, ...]:
        """Every entry under one key, by document id, then version."""
        found = self._query(items.index_key(self._ledger, index_id, key))
        return tuple(items.index_entry(item, index_id, key) for item in found)

    def close(self) -> None:
        """Nothing is held open but the caller's client."""

    def _transact(self, commit: Commit, puts: list[Item]) -> None:
        writes = [{"Put": self._put(item)} for item in puts]
        writes += [{"Update": update} for update in self._updates(commit)]
        what = f"append block {commit.block.sequence_no} to {self._name()}"
        with wrapped(what, updates_from=len(puts)):
            self._client.transact_write_items(
                TransactItems=writes,
                # The same for every try of this block, so that a repeated request counts once.
                ClientRequestToken=self._token(commit),
            )
        self._settling.note(commit.block.sequence_no)

    def _token(self, commit: Commit) -> str:
        """Of a block in this table's ledger: it may have been restored into another one, too."""
        place = f"{self._table_name}/{self._ledger}/".encode()
        return sha256(place + commit.block.block_hash).hexdigest()[:TOKEN_CHARACTERS_MAX]

    def _updates(self, commit: Commit) -> Iterator[dict[str, Any]]:
        """What redacts revisions: the one thing for which the right to update is needed."""
        for redaction in commit.redactions:
            number = redaction.block.sequence_no
            between = (items.block_sort_key(number), items.block_sort_key(number, items.PART_MAX))
            stored = list(self._query(items.journal_key(self._ledger), between=between))
            for rewrite in rewrites(self._ledger, redaction, stored):
                yield rewrite.update(self._table_name)

    def _revision(self, item: Item, table_id: str, document_id: str) -> StoredRevision:
        """A revision from its item, once the block that brought it is the head or behind it."""
        found = items.revision(item, table_id, document_id)
        if not self._settling.is_settled(found.sequence_no):
            self._settling.await_block(found.sequence_no, self.head)
        return found

    def _members(self, table_id: str) -> Iterator[str]:
        for item in self._query(items.table_key(self._ledger, table_id)):
            yield item["sk"]["S"]

    def _query(
        self,
        pk: str,
        *,
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        only: str | None = None,
    ) -> Iterator[Item]:
        """The items of a partition in order, page after page; at most `limit` of them.

        `only` names the attributes that are wanted, separated by commas; None wants all.
        """
        request: dict[str, Any] = {
            "TableName": self._table_name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ScanIndexForward": not newest_first,
        }
        if between is not None:
            request["KeyConditionExpression"] += " AND sk BETWEEN :first AND :last"
            request["ExpressionAttributeValues"][":first"] = {"S": between[0]}
            request["ExpressionAttributeValues"][":last"] = {"S": between[1]}
        if limit is not None:
            request["Limit"] = limit
        if only is not None:
            names = only.split(", ")
            request["ProjectionExpression"] = ", ".join(f"#{name}" for name in names)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        while True:
            with wrapped(f"query {pk} of {self._name()}"):
                page = self._client.query(**request)
            yield from page["Items"]
            if limit is not None or "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _put(self, item: Item) -> dict[str, Any]:
        return {
            "TableName": self._table_name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _check_limits(self, commit: Commit, puts: list[Item]) -> None:
        size = sum(map(items.size_bytes, puts))
        if len(puts) > TRANSACTION_ITEMS_MAX or size > TRANSACTION_BYTES_MAX:
            raise LimitExceededError(
                f"block {commit.block.sequence_no} of ledger {self._ledger} needs {len(puts)} items"
                f" and {size} bytes; DynamoDB takes {TRANSACTION_ITEMS_MAX} items and"
                f" {TRANSACTION_BYTES_MAX} bytes at once: change fewer documents in a transaction"
            )

    def _name(self) -> str:
        return f"ledger {self._ledger} in table {self._table_name}"


def _runs(numbers: Collection[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
