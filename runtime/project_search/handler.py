"""Kinesis to the search index."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.journal.worker import Handler, projector
from runtime.project_search.projection import project
from runtime.project_search.settings import read_settings
from runtime.search_index.index import open_index


@lru_cache(maxsize=1)
def _built() -> Handler:
    settings = read_settings()
    return projector(partial(project, index=open_index(settings.endpoint, settings.alias)))


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Project a batch of stream records; answers with the first one that failed."""
    return _built()(event, context)
