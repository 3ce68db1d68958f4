"""The settings in the components' terms."""

from typing import TypedDict

from infra.api import Limits
from infra.event_bus import EventBus, EventBusArgs, event_schemas, event_source
from infra.page import PageArgs
from infra.partner_queue import PartnerQueueArgs
from infra.search_domain import SearchDomainArgs
from infra.settings import Settings
from infra.snapshot_bucket import SnapshotBucketArgs


class Guard(TypedDict):
    """How well the ledger and the state are guarded."""

    retain: bool
    """Guard the table against deletion, by Pulumi and by AWS."""
    recovery_days: int
    """Days back that point-in-time recovery reaches."""


def guard(settings: Settings) -> Guard:
    """How well a table of data is guarded."""
    return {"retain": settings.retain, "recovery_days": settings.recovery_days}


def limits(settings: Settings) -> Limits:
    """What each API admits."""
    return {
        "requests_per_s_max": settings.api_requests_per_s,
        "burst_max": settings.api_burst,
        "log_retention_days": settings.log_retention_days,
        "cors_origins": list(settings.cors_origins),
    }


def page(settings: Settings) -> PageArgs:
    """What the page may call, and what it says it shows."""
    return {"region": settings.region, "place": f"{settings.project}, {settings.stack}"}


def events(settings: Settings) -> EventBusArgs:
    """How long events are kept, and who else may have them."""
    return {
        "archive_days": settings.event_archive_days,
        "schemas": settings.event_schemas,
        "consumer_accounts": list(settings.event_consumers),
    }


def partner(bus: EventBus) -> PartnerQueueArgs:
    """A partner that gets every event."""
    return {
        "bus_name": bus.bus_name,
        "source": event_source(),
        "event_types": list(event_schemas()),
    }


def snapshots(settings: Settings) -> SnapshotBucketArgs:
    """How snapshots are kept."""
    return {
        "retain": settings.retain,
        "archive_days": settings.snapshot_archive_days,
        "archive_class": settings.snapshot_archive_class,
        "lock_days": settings.snapshot_lock_days,
        "lock_mode": settings.snapshot_lock_mode,
        "tls_only": settings.snapshot_tls_only,
    }


def search(settings: Settings) -> SearchDomainArgs:
    """How large the search domain is."""
    return {
        "engine_version": settings.search_version,
        "instance_type": settings.search_instance_type,
        "instance_count": settings.search_instances,
        "volume_gb": settings.search_volume_gb,
        "scheme": settings.search_scheme,
        "log_retention_days": settings.log_retention_days,
    }
