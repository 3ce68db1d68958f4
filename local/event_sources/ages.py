"""How old the records are that functions are given: Lambda's metric IteratorAge."""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.event_sources.delivery import Invoke

FLUSH_S = 2.0
"""Between two calls that put what has been noted."""
MS_A_S = 1000
_ARRIVED = re.compile(r'"approximate(?:Arrival|Creation)[A-Za-z]+": ([0-9.]+)', re.IGNORECASE)
TAIL_CHARACTERS = 4096
"""Of a payload, in which its last record's arrival is looked for first."""

log = logging.getLogger(__name__)

Put = Callable[[Mapping[str, float]], None]
"""Keeps ages in milliseconds, by function."""


class Ages:
    """The oldest age of each function's batches since the last flush; safe for threads."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._lock = threading.Lock()
        self._oldest: dict[str, float] = {}

    def noting(self, invoke: Invoke) -> Invoke:
        """The same calls, each noted with the age of the newest record in it."""

        def noted(function_arn: str, payload: str) -> Any:
            self.note(function_arn, payload)
            return invoke(function_arn, payload)

        return noted

    def note(self, function_arn: str, payload: str) -> None:
        """Remember how old the newest record of a batch is, now that it is handed over."""
        found = _ARRIVED.findall(payload, max(0, len(payload) - TAIL_CHARACTERS))
        found = found or _ARRIVED.findall(payload)
        if not found:
            return
        age_ms = max(0.0, time.time() - float(found[-1])) * MS_A_S
        name = function_arn.split(":")[6]
        with self._lock:
            self._oldest[name] = max(age_ms, self._oldest.get(name, 0.0))

    def flush(self) -> None:
        """Put what has been noted; nothing where there is nothing."""
        with self._lock:
            noted, self._oldest = self._oldest, {}
        if not noted:
            return
        try:
            self._put(noted)
        except (ClientError, BotoCoreError) as error:
            log.warning("ages of %d functions are lost: %s", len(noted), error)

    def run(self, stopping: threading.Event) -> None:
        """Flush every moment until `stopping` is set, and once more."""
        while not stopping.wait(FLUSH_S):
            self.flush()
        self.flush()
