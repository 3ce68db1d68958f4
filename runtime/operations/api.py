"""The operators' API: a module for each noun adds its routes."""

from collections.abc import Callable

from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.operations import replays as replay_routes
from runtime.operations import snapshots as snapshot_routes
from runtime.operations.replays import EntryReader
from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.service import Replays
from runtime.snapshots.errors import SnapshotRefusedError, UncalledError
from runtime.snapshots.service import SnapshotService
from runtime.web.api import Api
from runtime.web.problem import CONFLICT, UNAVAILABLE

TITLE = "Operations"


def operations(
    replays: Callable[[], Replays],
    entries: Callable[[], EntryReader],
    snapshots: Callable[[], SnapshotService],
) -> Api:
    """Everything that operators can ask for."""
    api = Api(
        {
            DestinationUnavailableError: UNAVAILABLE,
            ReplayUnavailableError: UNAVAILABLE,
            SnapshotRefusedError: CONFLICT,
            UncalledError: UNAVAILABLE,
        }
    )
    replay_routes.add_routes(api, replays, entries)
    snapshot_routes.add_routes(api, snapshots)
    api.describe(TITLE)
    return api
