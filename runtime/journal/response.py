"""Partial batch responses: the first failure of a batch and nothing else.

Powertools' stream processor goes on behind a failed record and reports every failure. Here one
sequence number is reported: Lambda resumes there, and delivers again what lies behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.journal.errors import BatchError
from runtime.journal.projection import Failure


@dataclass(frozen=True, slots=True)
class BatchFailures:
    """What failed of a batch, by position in it."""

    sequence_numbers: Sequence[str]
    """Of every record of the batch."""
    by_position: Mapping[int, Sequence[Failure]]

    def response(self) -> dict[str, Any]:
        """What Lambda wants to hear.

        Raises BatchError where the batch's first record fails for good and others wait behind it:
        Lambda answers an error by splitting the batch, until that record is alone and goes to the
        failure destination.
        """
        if not self.by_position:
            return {"batchItemFailures": []}
        first = min(self.by_position)
        lasting = any(failure.lasting for failure in self.by_position[first])
        if first == 0 and lasting and len(self.sequence_numbers) > 1:
            raise BatchError(
                f"split this batch of {len(self.sequence_numbers)}, its first record fails for "
                f"good: {self.reasons()[0]}"
            )
        return {"batchItemFailures": [{"itemIdentifier": self.sequence_numbers[first]}]}

    def reasons(self) -> list[str]:
        """Every failure and the record that it concerns, in the order of the records."""
        return [
            f"record {self.sequence_numbers[position]}: {failure.reason}"
            for position in sorted(self.by_position)
            for failure in self.by_position[position]
        ]
