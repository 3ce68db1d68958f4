"""Kinesis to the state table."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.journal.worker import Handler, projector
from runtime.project_state.projection import project
from runtime.project_state.settings import read_settings
from runtime.state.table import open_table


@lru_cache(maxsize=1)
def _built() -> Handler:
    return projector(partial(project, table=open_table(read_settings().state_table)))


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Project a batch of stream records; answers with the first one that failed."""
    return _built()(event, context)
