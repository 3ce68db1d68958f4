"""The index entries that imported revisions bring."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from runtime.ledger import ion
from runtime.ledger.imports.survey import Survey
from runtime.ledger.index_key import index_key
from runtime.ledger.partiql.access import Index, Table
from runtime.ledger.partiql.values import field as field_of
from runtime.ledger.storage.port import IndexEntry, StoredRevision

DOCUMENTS_REMEMBERED_MAX: Final = 50_000
"""Documents of which it is remembered which entries their newest version has."""

_Keys = dict[str, bytes | None]
"""An indexed field's key, by index id."""


class DocumentSource(Protocol):
    """What is used of a store."""

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        """The newest revision of every document of a table."""
        ...


class Entries:
    """Makes entries as the engine does: one for each indexed value that a revision changes.

    Where a document is not remembered any more, it gets entries for values that are as they were.
    They change no answer, since whoever reads an index looks at the documents.
    """

    def __init__(
        self, storage: DocumentSource, survey: Survey, settle: Callable[[], None] | None
    ) -> None:
        """Take the store and how to wait until every block before is in it.

        With None a new index does not cover the documents that are there: it need not when the
        survey has told of all indexes before the first document came.
        """
        self._storage = storage
        self._survey = survey
        self._settle = settle
        self._remembered: OrderedDict[tuple[str, str], _Keys] = OrderedDict()

    def of_revision(
        self, table: Table, stored: StoredRevision, revision: Any
    ) -> Iterator[IndexEntry]:
        """The entries of a document's new version; `revision` is its Ion struct."""
        document = (stored.table_id, stored.document_id)
        before = self._remembered.pop(document, {})
        if "data" not in revision:
            return
        keys: _Keys = {
            index.index_id: index_key(field_of(revision["data"], index.field))
            for index in self._indexes(table)
        }
        self._remember(document, keys)
        for index_id, key in keys.items():
            if key is not None and before.get(index_id) != key:
                yield IndexEntry(index_id, key, stored.document_id, stored.version)

    def of_index(self, table: Table, index: Index) -> Iterator[IndexEntry]:
        """The entries of a new index for the documents that are in the store."""
        if self._settle is None:
            return
        self._settle()
        for stored in self._storage.documents(table.table_id):
            data = ion.decode(stored.ion).get("data")
            key = None if data is None else index_key(field_of(data, index.field))
            if key is not None:
                yield IndexEntry(index.index_id, key, stored.document_id, stored.version)
                document = (stored.table_id, stored.document_id)
                self._remembered.get(document, {})[index.index_id] = key

    def _indexes(self, table: Table) -> list[Index]:
        """The table's indexes, those to come included."""
        by_id = {index.index_id: index for index in self._survey.indexes(table.name)}
        return list({**by_id, **{index.index_id: index for index in table.indexes}}.values())

    def _remember(self, document: tuple[str, str], keys: _Keys) -> None:
        self._remembered[document] = keys
        if len(self._remembered) > DOCUMENTS_REMEMBERED_MAX:
            self._remembered.popitem(last=False)
