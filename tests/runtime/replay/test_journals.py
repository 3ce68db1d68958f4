"""A replay reads only what the journal was sealed with, whoever sealed it."""

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import chain

import pytest

from runtime.ads.revision import AdRevision
from runtime.journal.revisions import ADS_TABLE
from runtime.ledger import ion
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.identifiers import new_id
from runtime.ledger.imports.importer import import_journal
from runtime.replay.journals import Journals
from runtime.replays.errors import ReplayFailedError
from tests.fakes import MemoryStorage
from tests.foreign_journal import BEGIN, ForeignJournal, Put
from tests.runtime.replay.ledgers import LedgerRun

FLIPS = 150


@pytest.fixture(scope="module")
def lived() -> Iterator[LedgerRun]:
    run = LedgerRun(11, shards=1)
    run.live(40)
    yield run
    run.ads.close()


@pytest.fixture
def storage(lived: LedgerRun) -> MemoryStorage:
    """The same journal, for a test to damage."""
    copy = MemoryStorage()
    copy._blocks = list(lived.storages[0]._blocks)
    copy._revisions = lived.storages[0]._revisions
    return copy


def revisions(storage: MemoryStorage, first: int = 0) -> Iterator[AdRevision]:
    return chain.from_iterable(Journals([storage]).revisions(0, first, len(storage._blocks) - 1))


def test_a_block_altered_in_one_bit_is_named_and_not_read(
    lived: LedgerRun, storage: MemoryStorage
) -> None:
    whole = list(revisions(storage))
    chance = random.Random(12)
    for _ in range(FLIPS):
        number = chance.randrange(len(storage._blocks))
        block = storage._blocks[number]
        damaged = bytearray(block.ion)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        storage._blocks[number] = replace(block, ion=bytes(damaged))
        read: list[AdRevision] = []
        with pytest.raises(ReplayFailedError, match=f"of shard 0: block {number}"):
            read.extend(revisions(storage))
        assert read == whole[: len(read)]
        storage._blocks[number] = block
    assert list(revisions(storage)) == whole


def test_a_block_put_in_place_of_another_does_not_follow(storage: MemoryStorage) -> None:
    """Though what it says of itself is sound."""
    other = LedgerRun(13, shards=1)
    other.live(40)
    other.ads.close()
    storage._blocks[20] = other.storages[0]._blocks[20]
    for first in (0, 15, 20):
        with pytest.raises(ReplayFailedError, match="of shard 0: block 20"):
            list(revisions(storage, first))


def test_a_hash_altered_beside_its_block_is_named(storage: MemoryStorage) -> None:
    storage._blocks[20] = replace(storage._blocks[20], block_hash=bytes(32))
    with pytest.raises(ReplayFailedError, match="block 20: the hash that is kept with it"):
        list(revisions(storage, 15))


def test_what_follows_a_missing_block_is_not_read(storage: MemoryStorage) -> None:
    del storage._blocks[-1]
    with pytest.raises(ReplayFailedError, match=r"has no block 42, .* restore the journal table"):
        list(Journals([storage]).revisions(0, 43, 50))


def test_ads_that_qldb_sealed_are_read() -> None:
    journal, ad_id = ForeignJournal(), new_id()
    journal.define(f"CREATE TABLE {ADS_TABLE}")
    data = {
        **dict.fromkeys(("publisherId", "adTitle", "adDescription", "currency", "category"), "a"),
        "price": Decimal(1),
        "tags": ["one"],
        "createdAt": ion.timestamp(BEGIN),
    }
    journal.commit(Put(ADS_TABLE, ad_id, 0, data))
    journal.commit(Put(ADS_TABLE, ad_id, 1, {**data, "price": Decimal(2)}))
    journal.commit(Put(ADS_TABLE, ad_id, 2))
    exported, storage = journal.exported(), MemoryStorage()
    import_journal(ExportReader(exported, find_final_manifest(exported, "journal/")), storage)
    read = list(revisions(storage))
    assert [(one.ad_id, one.version, one.deleted) for one in read] == [
        (ad_id, 0, False),
        (ad_id, 1, False),
        (ad_id, 2, True),
    ]
