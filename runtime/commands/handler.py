"""The Lambda function behind the publishers' POST, PATCH and DELETE."""

from runtime.ad_ledger.connection import open_ads
from runtime.ad_ledger.settings import VARIABLES, settings
from runtime.ads.environment import required
from runtime.commands.routes import routes
from runtime.web.environment import once

handler = routes(once(lambda: open_ads(settings(*required(*VARIABLES)))))
