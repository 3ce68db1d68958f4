"""What the system is made of on AWS: a component a module, and what the program makes of them."""

from infra.api import Api, ApiArgs
from infra.event_bus import EventBus, EventBusArgs
from infra.journal_stream import JournalStream, JournalStreamArgs
from infra.ledger import Ledger, LedgerArgs
from infra.page import Page, PageArgs
from infra.partner_queue import PartnerQueue, PartnerQueueArgs
from infra.replay import Replay, ReplayArgs
from infra.search_domain import SearchAccess, SearchAccessArgs, SearchDomain, SearchDomainArgs
from infra.snapshot_bucket import SnapshotBucket, SnapshotBucketArgs
from infra.snapshots import Snapshots, SnapshotsArgs
from infra.state_store import StateStore, StateStoreArgs
from infra.worker import Delivery, EventSource, Platform, Worker, WorkerArgs

__all__ = [
    "Api",
    "ApiArgs",
    "Delivery",
    "EventBus",
    "EventBusArgs",
    "EventSource",
    "JournalStream",
    "JournalStreamArgs",
    "Ledger",
    "LedgerArgs",
    "Page",
    "PageArgs",
    "PartnerQueue",
    "PartnerQueueArgs",
    "Platform",
    "Replay",
    "ReplayArgs",
    "SearchAccess",
    "SearchAccessArgs",
    "SearchDomain",
    "SearchDomainArgs",
    "SnapshotBucket",
    "SnapshotBucketArgs",
    "Snapshots",
    "SnapshotsArgs",
    "StateStore",
    "StateStoreArgs",
    "Worker",
    "WorkerArgs",
]
