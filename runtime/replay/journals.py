"""What a replay reads: blocks by their numbers, and one ad's history without any block."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from runtime.ad_ledger.documents import revision_of
from runtime.ads.revision import AdRevision
from runtime.ads.shards import shard_of
from runtime.journal.errors import RecordError
from runtime.journal.revisions import ADS_TABLE, block_revisions, block_time
from runtime.ledger.catalog import CatalogCache
from runtime.ledger.errors import LedgerError, StorageError
from runtime.ledger.readback import read_back
from runtime.ledger.storage.port import JournalStorage
from runtime.replays.errors import ReplayFailedError, ReplayUnavailableError

NO_BLOCK = -1


class Journals:
    """The journals of all shards, in their order; threads may share them."""

    def __init__(self, storages: Sequence[JournalStorage]) -> None:
        """Read nothing yet."""
        self._storages = storages

    def shard(self, ad_id: str) -> int:
        """The shard that an ad belongs to."""
        return shard_of(ad_id, len(self._storages))

    def heads(self, until: str | None = None) -> list[int]:
        """By shard, the newest block, or the last with anything committed up to a time; -1: none.

        A block or two behind that time may be counted in, so revisions have to be looked at.
        """
        return [self._head(storage, until) for storage in self._storages]

    def revisions(self, shard: int, first: int, last: int) -> Iterator[Sequence[AdRevision]]:
        """The ads' revisions of blocks first..last, block by block."""
        wanted = first
        with _told(f"blocks {first} to {last} of shard {shard}"):
            for block in self._storages[shard].blocks(first, last):
                if block.sequence_no != wanted:
                    break
                yield block_revisions(block.ion)
                wanted += 1
        if wanted <= last:
            raise ReplayFailedError(
                f"shard {shard} has no block {wanted}, though it has later ones: "
                "verify the ledger and restore the journal table"
            )

    def history(self, ad_id: str) -> Sequence[AdRevision]:
        """Every version of one ad, oldest first; empty for an ad that the ledger never had."""
        shard = self.shard(ad_id)
        storage = self._storages[shard]
        with _told(f"the history of ad {ad_id} from shard {shard}"):
            table = CatalogCache(storage).at(storage.head()).active(ADS_TABLE)
            if table is None:
                return []
            return [revision_of(read_back(one)) for one in storage.history(table.table_id, ad_id)]

    def block_hash(self, shard: int, number: int) -> bytes | None:
        """The hash of a block; None where there is no such block."""
        with _told(f"block {number} of shard {shard}"):
            leaf = self._storages[shard].leaves([number]).get(number)
        return None if leaf is None else leaf.block_hash

    def _head(self, storage: JournalStorage, until: str | None) -> int:
        with _told("the newest block"):
            newest = storage.head()
        if newest is None:
            return NO_BLOCK
        if until is None:
            return newest.sequence_no
        low, high = NO_BLOCK, newest.sequence_no
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if self._time(storage, middle) <= until else (low, middle - 1)
            )
        # A block's revisions are a little older than the block: the next may still belong to it.
        return min(low + 1, newest.sequence_no)

    def _time(self, storage: JournalStorage, number: int) -> str:
        with _told(f"block {number}"):
            return block_time(next(storage.blocks(number, number)).ion)


@contextmanager
def _told(what: str) -> Generator[None]:
    """Failures of the ledger as failures of a replay."""
    try:
        yield
    except StorageError as error:
        raise ReplayUnavailableError(f"cannot read {what} now: {error}") from error
    except (LedgerError, RecordError) as error:
        raise ReplayFailedError(f"cannot read {what}: {error}") from error
