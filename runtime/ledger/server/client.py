"""boto3 with the two service models that it no longer ships.

For programs that make their own clients, the environment does the same:

    export AWS_DATA_PATH=$(python -m runtime.ledger.server.client)
"""

# Before pyqldb: it puts back into amazon.ion what pyqldb's ionhash looks for.
import runtime.ledger.ion  # noqa: F401  # pyright: ignore[reportUnusedImport]

# isort: split
from typing import Any

import boto3
from botocore.session import Session as BotocoreSession

from runtime.ledger.server.service_model import MODELS


def boto3_session(**options: Any) -> boto3.Session:
    """A boto3 session that knows `qldb` and `qldb-session`; `options` are those of boto3.Session.

    Its clients need endpoint_url: the service has no public endpoint. Requests are signed, so some
    credentials have to be set, but the server checks none.
    """
    session = BotocoreSession()
    session.get_component("data_loader").search_paths.append(str(MODELS))
    return boto3.Session(botocore_session=session, **options)


if __name__ == "__main__":
    print(MODELS)
