"""The operators' API: a module for each noun adds its routes."""

from collections.abc import Callable

from runtime.operations import replays as replay_routes
from runtime.operations.replays import EntryReader
from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.service import Replays
from runtime.web.api import Api
from runtime.web.problem import UNAVAILABLE

TITLE = "Operations"


def operations(replays: Callable[[], Replays], entries: Callable[[], EntryReader]) -> Api:
    """Everything that operators can ask for."""
    api = Api({ReplayUnavailableError: UNAVAILABLE})
    replay_routes.add_routes(api, replays, entries)
    api.describe(TITLE)
    return api
