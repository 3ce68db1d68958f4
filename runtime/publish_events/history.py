"""Earlier versions of ads, out of the ledger: one query of one item each."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from runtime.ad_ledger.documents import revision_of
from runtime.ads.revision import AdRevision
from runtime.ads.shards import shard_of
from runtime.journal.revisions import ADS_TABLE
from runtime.ledger.catalog import CatalogCache
from runtime.ledger.errors import LedgerError
from runtime.ledger.readback import read_back
from runtime.ledger.storage.port import JournalStorage
from runtime.publish_events.errors import EventError, HistoryGapError, HistoryUnavailableError

Version = tuple[str, int]
"""An ad's id and the number of a version."""
READERS_MAX = 8
"""Queries under way at once."""
_FOREIGN = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading an ad's fields raises of a document that is no ad's."""


class History:
    """Earlier versions of ads in the journals of all shards; threads may share it."""

    def __init__(self, journals: Sequence[JournalStorage]) -> None:
        """Read nothing yet; the journals are in the order of their shards."""
        self._journals = journals
        self._catalogs = [CatalogCache(journal) for journal in journals]

    def read(self, versions: Iterable[Version]) -> Mapping[Version, AdRevision | EventError]:
        """Each of these versions, or why it cannot be had."""
        wanted = list(dict.fromkeys(versions))
        if len(wanted) <= 1:
            return {version: self._outcome(version) for version in wanted}
        with ThreadPoolExecutor(min(READERS_MAX, len(wanted))) as readers:
            return dict(zip(wanted, readers.map(self._outcome, wanted), strict=True))

    def _outcome(self, version: Version) -> AdRevision | EventError:
        try:
            return self._read(*version)
        except EventError as error:
            return error

    def _read(self, ad_id: str, version: int) -> AdRevision:
        shard = shard_of(ad_id, len(self._journals))
        try:
            stored = self._journals[shard].revision(self._table_id(shard), ad_id, version)
            row = None if stored is None else read_back(stored)
        except LedgerError as error:
            raise HistoryUnavailableError(
                f"cannot read version {version} of ad {ad_id} from shard {shard}: {error}"
            ) from error
        if row is None:
            raise HistoryGapError(
                f"shard {shard} has no version {version} of ad {ad_id}, though a later one was "
                "streamed: check JOURNAL_TABLE, LEDGER_NAME and LEDGER_SHARDS, verify the ledger"
            )
        try:
            return revision_of(row)
        except _FOREIGN:
            # Not written as an ad, and the stream said so then: there is nothing to tell of it.
            return AdRevision(ad_id, version, "", "", None)

    def _table_id(self, shard: int) -> str:
        """The ads' table; the catalog is read once, since this table is made once."""
        catalogs = self._catalogs[shard]
        kept = catalogs.newest
        table = None if kept is None else kept.active(ADS_TABLE)
        if table is None:
            table = catalogs.at(self._journals[shard].head()).active(ADS_TABLE)
        if table is None:
            raise HistoryGapError(
                f"shard {shard} has no table {ADS_TABLE}: check JOURNAL_TABLE and LEDGER_NAME"
            )
        return table.table_id
