"""A journal with a catalog and given versions of ads, sealed as the ledger seals them."""

from collections.abc import Callable, Mapping
from typing import Any

from runtime.ads.revision import AdRevision
from runtime.ledger.block import Change, Draft, StatementInfo, seal
from runtime.ledger.engine import Ledger
from runtime.ledger.identifiers import new_id
from runtime.ledger.storage.port import Commit
from tests.journal_blocks import START, document
from tests.runtime.ledger.storages import CountingStorage

Spoil = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def ledger_of(
    *revisions: AdRevision,
    storage: CountingStorage | None = None,
    spoil: Spoil = lambda data: data,
) -> CountingStorage:
    """The storage with the ads' table, made where it is missing, and these versions."""
    storage = storage or CountingStorage()
    table_id = _table_id(storage)
    for revision in revisions:
        data = None if revision.fields is None else spoil(document(revision.fields))
        change = Change(table_id, "Ads", revision.ad_id, revision.version, data, statements=(0,))
        draft = Draft(
            strand_id=new_id(),
            transaction_id=new_id(),
            statements=(StatementInfo("INSERT INTO Ads ?", START, b"\x01" * 32),),
            changes=(change,),
            tx_time=START,
            block_timestamp=START,
        )
        sealed = seal(draft, storage.head())
        storage.append(Commit(sealed.block, sealed.revisions))
    storage.taken()
    return storage


def _table_id(storage: CountingStorage) -> str:
    ledger = Ledger(storage, name="ads-0")
    if storage.head() is None:
        transaction = ledger.begin()
        transaction.execute("CREATE TABLE Ads", [])
        transaction.commit()
    transaction = ledger.begin()
    query = "SELECT VALUE tableId FROM information_schema.user_tables"
    (table_id,) = transaction.execute(query, [])
    transaction.abort()
    return str(table_id)
