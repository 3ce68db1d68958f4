"""What a replay reads: blocks by their numbers, and one ad's history without any block."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from runtime.ad_ledger.documents import revision_of
from runtime.ads.revision import AdRevision
from runtime.ads.shards import shard_of
from runtime.journal.errors import RecordError
from runtime.journal.revisions import ADS_TABLE, block_time, sealed_revisions
from runtime.ledger.catalog import CatalogCache
from runtime.ledger.errors import LedgerError, StorageError, VerificationError
from runtime.ledger.readback import read_back
from runtime.ledger.storage.port import VERSIONS_MAX, JournalStorage
from runtime.ledger.verify.chain import Chain, check_sealed
from runtime.ledger.verify.place import Place
from runtime.replays.errors import ReplayFailedError, ReplayUnavailableError

NO_BLOCK = -1


class Journals:
    """The journals of all shards, in their order; threads may share them."""

    def __init__(self, storages: Sequence[JournalStorage]) -> None:
        """Read nothing yet."""
        self._storages = storages
        self._catalogs = [CatalogCache(storage) for storage in storages]

    def shard(self, ad_id: str) -> int:
        """The shard that an ad belongs to."""
        return shard_of(ad_id, len(self._storages))

    def heads(self, until: str | None = None) -> list[int]:
        """By shard, the newest block, or the last with anything committed up to a time; -1: none.

        A block or two behind that time may be counted in, so revisions have to be looked at.
        """
        return [self._head(storage, until) for storage in self._storages]

    def revisions(self, shard: int, first: int, last: int) -> Iterator[Sequence[AdRevision]]:
        """The ads' revisions of blocks first..last, block by block, each verified before.

        A block has to be what its hashes say and to follow the one before it.
        """
        with _told(f"blocks {first} to {last} of shard {shard}"):
            chain = Chain(check_sealed, self._place(shard, first))
            for block in self._storages[shard].blocks(first, last):
                if block.sequence_no != chain.place.sequence_no:
                    break
                chain.add(block.ion)
                if chain.place.previous_hash != block.block_hash:
                    reason = "the hash that is kept with it is not its hash"
                    raise VerificationError(reason, block.sequence_no)
                yield sealed_revisions(block.ion)
        if chain.place.sequence_no <= last:
            raise _without_block(shard, chain.place.sequence_no)

    def history(self, ad_id: str) -> Sequence[AdRevision]:
        """Every version of one ad, oldest first; empty for an ad that the ledger never had."""
        shard = self.shard(ad_id)
        storage = self._storages[shard]
        with _told(f"the history of ad {ad_id} from shard {shard}"):
            table = self._catalogs[shard].at(storage.head()).active(ADS_TABLE)
            if table is None:
                return []
            return [revision_of(read_back(one)) for one in storage.history(table.table_id, ad_id)]

    def lasting(self, shard: int, head: int, ads: Sequence[AdRevision]) -> list[AdRevision]:
        """Of these ads those that no later block up to `head` changes, each at its newest now.

        So whoever projects what every block up to `head` leaves here never projects a version
        that another one had followed by then. All ads are of one shard, each comes once.
        """
        storage = self._storages[shard]
        with _told(f"which ads of shard {shard} have changed since"):
            table = self._catalogs[shard].at(storage.head()).active(ADS_TABLE)
            if table is None:
                return list(ads)
            found: list[AdRevision] = []
            for first in range(0, len(ads), VERSIONS_MAX):
                some = ads[first : first + VERSIONS_MAX]
                places = storage.places(table.table_id, [_next(ad) for ad in some])
                for ad in some:
                    number = places.get(_next(ad))
                    if number is None:
                        found.append(ad)
                    elif number > head:
                        found.append(_current(storage, table.table_id, ad))
            return found

    def block_hash(self, shard: int, number: int) -> bytes | None:
        """The hash of a block; None where there is no such block."""
        with _told(f"block {number} of shard {shard}"):
            leaf = self._storages[shard].leaves([number]).get(number)
        return None if leaf is None else leaf.block_hash

    def _place(self, shard: int, first: int) -> Place:
        if first == 0:
            return Place()
        before = self.block_hash(shard, first - 1)
        if before is None:
            raise _without_block(shard, first - 1)
        return Place(first, before)

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


def _without_block(shard: int, number: int) -> ReplayFailedError:
    return ReplayFailedError(
        f"shard {shard} has no block {number}, though it has later ones: "
        "verify the ledger and restore the journal table"
    )


def _next(ad: AdRevision) -> tuple[str, int]:
    return ad.ad_id, ad.version + 1


def _current(storage: JournalStorage, table_id: str, known: AdRevision) -> AdRevision:
    newest = storage.current(table_id, known.ad_id)
    return known if newest is None else revision_of(read_back(newest))


@contextmanager
def _told(what: str) -> Generator[None]:
    """Failures of the ledger as failures of a replay."""
    try:
        yield
    except StorageError as error:
        raise ReplayUnavailableError(f"cannot read {what} now: {error}") from error
    except (LedgerError, RecordError) as error:
        raise ReplayFailedError(f"cannot read {what}: {error}") from error
