"""Imports in one line, and what to compare of two journals."""

from typing import Any

from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.imports.importer import Imported, import_journal
from runtime.ledger.storage.port import JournalStorage


def reader(destination: Destination) -> ExportReader:
    """Of the only export in journal/."""
    return ExportReader(destination, find_final_manifest(destination, "journal"))


def import_all(destination: Destination, storage: JournalStorage, **options: Any) -> Imported:
    return import_journal(reader(destination), storage, **options)


def table_ids(storage: JournalStorage) -> set[str]:
    """Of every table, the system's included."""
    system = "SystemUserTables000001"
    return {system, *(revision.document_id for revision in storage.documents(system))}


def contents(storage: JournalStorage) -> Any:
    """Every stored block and revision, to the bit."""
    revisions = [
        revision for table in sorted(table_ids(storage)) for revision in storage.revisions(table)
    ]
    return storage.head(), list(storage.blocks(0)), revisions
