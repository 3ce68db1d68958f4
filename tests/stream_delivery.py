"""Delivery of a shard's records to a handler, by the rules of Lambda's event source mappings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
ATTEMPTS_MAX = 200
"""Of one batch: more means that the handler makes no headway."""


def deliver(
    records: Sequence[Record],
    handle: Callable[[Sequence[Record]], Mapping[str, Any]],
    *,
    retries_max: int = ATTEMPTS_MAX,
) -> list[Record]:
    """Deliver until everything succeeded or was given up; what was given up.

    An error splits the batch, a partial response resumes at the failure it names.
    """
    given_up: list[Record] = []
    batches, attempts = [list(records)], 0
    while batches:
        batch = batches.pop(0)
        try:
            failed = handle(batch)["batchItemFailures"]
        except Exception:
            if len(batch) > 1:
                half = len(batch) // 2
                batches[:0] = [batch[:half], batch[half:]]
                continue
            failed = [{"itemIdentifier": sequence_number(batch[0])}]
        if not failed:
            attempts = 0
            continue
        numbers = [sequence_number(record) for record in batch]
        (failure,) = failed
        at = numbers.index(failure["itemIdentifier"])
        attempts = 0 if at else attempts + 1
        if attempts > retries_max:
            given_up += batch[at:]
            attempts = 0
        else:
            batches.insert(0, batch[at:])
    return given_up


def sequence_number(record: Record) -> str:
    return record["kinesis"]["sequenceNumber"]
