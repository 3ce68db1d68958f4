"""The one place where errors of botocore become ours."""

from collections.abc import Generator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from runtime.lag.errors import RefusedError, UnreachedError


@contextmanager
def asking(what: str) -> Generator[None]:
    """Raise LagError for botocore's errors; `what` says who is asked."""
    try:
        yield
    except ClientError as error:
        raise RefusedError(f"{what} refuses: {error}") from error
    except BotoCoreError as error:
        raise UnreachedError(f"{what} is not reached: {error}") from error
