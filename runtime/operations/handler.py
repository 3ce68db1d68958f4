"""The Lambda function behind the operators' API."""

from runtime.ad_ledger.settings import VARIABLES, settings
from runtime.ads.environment import required
from runtime.operations.api import operations
from runtime.operations.lags import LagMeter
from runtime.replays.entries import open_entries
from runtime.replays.machine import open_machine
from runtime.replays.records import open_records
from runtime.replays.service import Replays
from runtime.snapshots.connection import Taker, open_bucket
from runtime.snapshots.service import SnapshotService
from runtime.web.environment import once


def _replays() -> Replays:
    table, machine = required("REPLAYS_TABLE", "REPLAY_MACHINE")
    return Replays(open_records(table), open_machine(machine))


def _snapshots() -> SnapshotService:
    bucket, function = required("SNAPSHOT_BUCKET", "SNAPSHOT_FUNCTION")
    return SnapshotService(open_bucket(bucket), Taker(function))


def _lags() -> LagMeter:
    # Few calls ask for lags; the others start sooner without a search client.
    from runtime.lag.connection import Followers, open_lags

    named = ("STATE_TABLE", "SEARCH_ENDPOINT", "SEARCH_INDEX", "STREAM_ARN", "EVENT_FUNCTION")
    return open_lags(settings(*required(*VARIABLES)), Followers(*required(*named)))


handler = operations(
    once(_replays),
    once(lambda: open_entries(*required("REPLAY_TABLE"))),
    once(_snapshots),
    once(_lags),
)
