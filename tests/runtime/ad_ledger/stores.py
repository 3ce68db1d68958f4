"""Ads over ledgers in memory."""

from collections.abc import Callable

from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.connection import ad_ledger
from runtime.ledger.storage.port import JournalStorage
from tests.fakes import MemoryStorage


def ledger_over(storage: JournalStorage) -> AdLedger:
    return ad_ledger("ads", 1, lambda _: storage)


def memory_ledger(
    shards: int = 1, storage: Callable[[str], JournalStorage] | None = None
) -> AdLedger:
    return ad_ledger("ads", shards, storage or (lambda _: MemoryStorage()))
