"""What a ledger, table, document, transaction and commit may hold: QLDB's quotas and our bounds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one ledger; the defaults are QLDB's where it had one."""

    transaction_lifetime_s: float = 30.0
    transaction_documents_max: int = 40
    transaction_bytes_max: int = 4 * 1024 * 1024
    transaction_statements_max: int = 10_000
    document_bytes_max: int = 128 * 1024
    statement_characters_max: int = 100_000
    tables_active_max: int = 20
    tables_total_max: int = 40
    table_indexes_max: int = 5
    index_field_characters_max: int = 128
    backfill_documents_max: int = 80
    """Documents of a table that may get an index: their entries are part of one commit."""
    documents_cached_max: int = 1_000
    """Documents a transaction has read and keeps; those beyond are read again."""
    documents_cached_bytes_max: int = 4 * 1024 * 1024
    """Of the Ion of what it keeps decoded, of what it read and of what it writes; that is ten times
    as large, small values eighty times."""
    delta_page_blocks_max: int = 256
    """Blocks asked of the store at a time while a commit looks at what came since."""
    recent_blocks_max: int = 512
    """Blocks whose changes are kept decoded, so that a delta seldom needs the store."""
    recent_block_bytes_max: int = 16 * 1024
    """Larger blocks are not kept decoded."""
    recent_bytes_max: int = 512 * 1024
    """Of all blocks that are kept decoded, as Ion."""
    append_attempts_max: int = 256
    """How often one commit may find that another writer was first."""
    append_s_max: float = 4.0
    """How long it goes on trying when other writers are always first."""
    unavailable_attempts_max: int = 12
    """How often one commit asks a store that does not answer before its outcome is left unknown."""
    backoff_base_ms: float = 2.0
    backoff_ms_max: float = 500.0
    """Between calls of a store that does not answer."""
    contention_ms_max: float = 20.0
    """After a commit's first defeat by another writer; halved by each further one."""


LIMITS = Limits()
