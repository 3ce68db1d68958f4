"""Failures on purpose: some batches are not delivered, of some the answer is lost."""

import random
import threading
from dataclasses import dataclass
from typing import Any

from local.event_sources.delivery import FunctionError, Invoke


@dataclass(frozen=True, slots=True)
class Faults:
    """How often, and to whom. The seed makes the choice repeatable for one lane of one function."""

    rate: float
    seed: int = 0
    functions: tuple[str, ...] = ()
    """Parts of function names; every function where empty."""

    def arguments(self) -> list[str]:
        """What the event sources' command line makes these faults of."""
        options = ["--fault-rate", str(self.rate), "--fault-seed", str(self.seed)]
        return [*options, "--fault-functions", *self.functions] if self.functions else options

    def hits(self, function_arn: str) -> bool:
        return not self.functions or any(part in function_arn for part in self.functions)


class FaultyInvoke:
    """An Invoke that fails at random, half of the time after the function has done its work."""

    def __init__(self, invoke: Invoke, faults: Faults) -> None:
        self._invoke, self._faults = invoke, faults
        self._random = random.Random(faults.seed)  # noqa: S311 - repeatable, not secret.
        self._lock = threading.Lock()

    def __call__(self, function_arn: str, payload: str) -> Any:
        if not self._faults.hits(function_arn):
            return self._invoke(function_arn, payload)
        with self._lock:
            chance = self._random.random()
        if chance >= self._faults.rate:
            return self._invoke(function_arn, payload)
        if chance < self._faults.rate / 2:
            raise FunctionError("the batch was not delivered (on purpose)")
        self._invoke(function_arn, payload)
        raise FunctionError("the answer was lost (on purpose)")
