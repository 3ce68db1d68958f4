"""Proofs of ads: equal to what the whole tree says, at the cost of a path."""

from base64 import b64decode

import pytest

from runtime.ads.errors import UnavailableError, VersionNotFoundError
from tests.cli.proofs import proof_of
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.stores import ledger_over
from tests.runtime.ad_ledger.test_contract import NEW
from tests.runtime.ledger.storages import CountingStorage, FailingStorage


def test_a_proof_takes_as_many_reads_as_the_tree_is_high() -> None:
    storage = CountingStorage()
    ads = ledger_over(storage)
    ids = [ads.create("p", NEW).ad_id for _ in range(100)]
    for ad_id in (ids[0], ids[41], ids[99]):
        storage.taken()
        proof = ads.proof("p", ad_id, 0)
        assert sum(storage.taken().values()) <= 2 + 1 + 8
        expected = proof_of(storage, ad_id, 0)
        assert proof.ion == expected["revision"]["ion"]
        assert [each.hex() for each in proof.hashes] == [
            b64decode(each).hex() for each in expected["proof"]
        ]


def test_a_version_that_is_not_there_is_said_to_be_missing() -> None:
    ads = ledger_over(MemoryStorage())
    ad_id = ads.create("p", NEW).ad_id
    with pytest.raises(VersionNotFoundError, match=f"Ad {ad_id} has no version 1"):
        ads.proof("p", ad_id, 1)


def test_a_silent_store_is_unavailable() -> None:
    storage = FailingStorage()
    ads = ledger_over(storage)
    ad_id = ads.create("p", NEW).ad_id
    storage.plan["blocks"] = ["before"]
    with pytest.raises(UnavailableError, match="Ledger ads-0 does not answer"):
        ads.proof("p", ad_id, 0)
