"""The Lambda function behind the readers' API."""

from runtime.ads.environment import required
from runtime.search.routes import routes
from runtime.search_index.index import open_index
from runtime.web.environment import once

handler = routes(once(lambda: open_index(*required("SEARCH_ENDPOINT", "SEARCH_INDEX"))))
