"""The operators' API: a module for each noun adds its routes."""

from collections.abc import Callable

from runtime.lag.errors import ForeignRecordError, LagError
from runtime.ledger.errors import StorageError
from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.operations import lags as lag_routes
from runtime.operations import replays as replay_routes
from runtime.operations import snapshots as snapshot_routes
from runtime.operations.lags import LagMeter
from runtime.operations.replays import EntryReader
from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.service import Replays
from runtime.search_index.errors import IndexUnavailableError
from runtime.snapshots.errors import SnapshotRefusedError, UncalledError, UnreadableSnapshotError
from runtime.snapshots.service import SnapshotService
from runtime.state.errors import DamagedItemError, StateUnavailableError
from runtime.web.api import Api
from runtime.web.problem import CONFLICT, DAMAGED, UNAVAILABLE

TITLE = "Operations"


def operations(
    replays: Callable[[], Replays],
    entries: Callable[[], EntryReader],
    snapshots: Callable[[], SnapshotService],
    lags: Callable[[], LagMeter],
) -> Api:
    """Everything that operators can ask for."""
    api = Api(
        {
            DamagedItemError: DAMAGED,
            DestinationUnavailableError: UNAVAILABLE,
            ForeignRecordError: DAMAGED,
            IndexUnavailableError: UNAVAILABLE,
            LagError: UNAVAILABLE,
            ReplayUnavailableError: UNAVAILABLE,
            SnapshotRefusedError: CONFLICT,
            StateUnavailableError: UNAVAILABLE,
            StorageError: UNAVAILABLE,
            UncalledError: UNAVAILABLE,
            UnreadableSnapshotError: DAMAGED,
        }
    )
    replay_routes.add_routes(api, replays, entries)
    snapshot_routes.add_routes(api, snapshots)
    lag_routes.add_routes(api, lags)
    api.describe(TITLE)
    return api
