"""The Lambda function behind the publishers' GET, and their API's description."""

from collections.abc import Iterable

from runtime.ads.environment import required
from runtime.ads.port import Ads
from runtime.queries.routes import routes
from runtime.state.table import open_table
from runtime.web.environment import once
from runtime.web.operation import Operation


def _ads() -> Ads:
    # Few reads need the ledger; the others start half a second sooner without it.
    from runtime.ad_ledger.connection import open_ads
    from runtime.ad_ledger.settings import VARIABLES, settings

    return open_ads(settings(*required(*VARIABLES)))


def _commands() -> Iterable[Operation]:
    """The commands' operations, to be described only."""
    from runtime.commands.routes import routes as commands

    return commands(_ads).operations


handler = routes(once(lambda: open_table(*required("STATE_TABLE"))), once(_ads), _commands)
