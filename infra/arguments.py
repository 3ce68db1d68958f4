"""The settings in the components' terms."""

from infra.api import Limits
from infra.search_domain import SearchDomainArgs
from infra.settings import Settings


def limits(settings: Settings) -> Limits:
    """What each API admits."""
    return {
        "requests_per_s_max": settings.api_requests_per_s,
        "burst_max": settings.api_burst,
        "log_retention_days": settings.log_retention_days,
        "cors_origins": list(settings.cors_origins),
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
