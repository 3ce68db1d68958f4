"""A DynamoDB client that fails now and then, in every way a network and a service can."""

import random
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.soak.memory_dynamodb import refusal

FAULTS: Final = ("before", "throttled", "repeated", "lost")
URL: Final = "http://127.0.0.1:1"


class FaultyClient:
    """Fails a share of the calls: not sent, throttled, sent twice, or answered to nobody."""

    def __init__(self, client: Any, random_: random.Random, share: float) -> None:
        self._client = client
        self._random = random_
        self.share = share
        self.faults: list[str] = []

    def query(self, **request: Any) -> Any:
        return self._call(self._client.query, request)

    def batch_get_item(self, **request: Any) -> Any:
        return self._call(self._client.batch_get_item, request)

    def transact_write_items(self, **request: Any) -> Any:
        return self._call(self._client.transact_write_items, request)

    def _call(self, operation: Callable[..., Any], request: dict[str, Any]) -> Any:
        fault = self._random.choice(FAULTS) if self._random.random() < self.share else ""
        if fault:
            self.faults.append(fault)
        if fault == "before":
            raise EndpointConnectionError(endpoint_url=URL)
        if fault == "throttled":
            raise refusal("ThrottlingException")
        answer = operation(**request)
        if fault == "lost":
            raise ReadTimeoutError(endpoint_url=URL)
        return operation(**request) if fault == "repeated" else answer
