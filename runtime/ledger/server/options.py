"""What a server may be told besides where its data is: names, lifetimes, limits."""

from dataclasses import dataclass, field, replace
from typing import Final

from runtime.ledger.budgets import Budget, Budgets
from runtime.ledger.limits import LIMITS, Limits
from runtime.ledger.session import SESSION_LIFETIME_S, SESSIONS_MAX

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The defaults are QLDB's where it had one."""

    region: str = "us-east-1"
    """Of ARNs; requests may be signed for any."""
    account_id: str = "000000000000"
    """Of ARNs."""
    ledgers_max: int = 5
    session_lifetime_s: tuple[float, float] = SESSION_LIFETIME_S
    sessions_max: int = SESSIONS_MAX
    limits: Limits = field(
        default=replace(LIMITS, documents_cached_max=100, documents_cached_bytes_max=64 * 1024)
    )
    """Of every ledger's transactions; of many at a time, each keeps fewer documents decoded."""
    threads: int = 16
    connections_max: int = 500
    connection_idle_s: int = 120
    header_bytes_max: int = 64 * 1024
    body_bytes_max: int = 16 * MIB
    large_body_bytes: int = MIB
    """Larger requests are worked on a few at a time, so that memory stays bounded."""
    large_bodies_max: int = 2
    large_values_max: int = 2
    """Statements that may have values of more than 16 KiB decoded at a time."""
    uncommitted_bytes_max: int = 64 * MIB
    """What all open transactions may hold in memory: what they wrote, read and executed."""
    decoded_bytes_max: int = MIB // 2
    """Ion of the documents that they keep decoded, which then are up to eighty times as large."""
    results_bytes_max: int = 1024 * MIB
    """Of all pages of results that clients have not fetched."""
    results_in_memory_bytes_max: int = 8 * MIB
    """Of these; the others are in temporary files."""
    result_files_max: int = 256
    tags_max: int = 50
    """Of one resource."""
    exports_active_max: int = 2
    """Of one ledger."""
    streams_active_max: int = 5
    """Of one ledger."""
    job_retention_s: float = 7 * 24 * 3600.0
    """How long a finished export or stream can still be described."""

    def budgets(self) -> Budgets:
        """Of one server's transactions."""
        return Budgets(
            uncommitted=Budget(self.uncommitted_bytes_max, "bytes in memory"),
            decoded=Budget(self.decoded_bytes_max),
            results=Budget(self.results_bytes_max, "bytes of results that are not fetched"),
            results_in_memory=Budget(self.results_in_memory_bytes_max),
            result_files=Budget(self.result_files_max, "files of results that are not fetched"),
        )
