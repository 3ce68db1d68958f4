"""Whether a history of concurrent transactions is strictly serializable.

The journal says in which order transactions that wrote took effect, so that nothing has to be
searched for: each of them must have read exactly what the journal's blocks before its own had made,
and each that only read must have read the state after one block. Nobody may come before a
transaction that was over when they began: those that only read get the earliest place that suits
what they read and is behind everything they followed; then all places are compared with time.

A lost update, write skew, a phantom, a torn or a stale read all break one of these rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

State = Mapping[str, Any]
"""Every document there is, by id; a document is {"category": ..., "log": ...}."""


class Anomaly(AssertionError):  # noqa: N818 - That is what it is called.
    """The history is not strictly serializable."""


@dataclass(frozen=True, slots=True)
class Read:
    """A document was looked up by its id; None was found where there is none."""

    document: str
    seen: Any


@dataclass(frozen=True, slots=True)
class Find:
    """The documents of a category were looked up by an index, or all by a scan (None)."""

    category: str | None
    seen: State


@dataclass(frozen=True, slots=True)
class Write:
    """A document was given this content; None deletes it."""

    document: str
    data: Any


Operation = Read | Find | Write


@dataclass(slots=True)
class Call:
    """One transaction as its client saw it."""

    invoked: int
    """A number that grows with time; as `completed`."""
    attempts: list[str] = field(default_factory=list)
    """Transaction ids; the last is the one that was answered."""
    operations: list[Operation] = field(default_factory=list)
    """Of the last attempt."""
    completed: int | None = None
    """None when nobody knows whether it happened."""
    committed: bool = False

    @property
    def writes(self) -> bool:
        return any(isinstance(operation, Write) for operation in self.operations)


@dataclass(frozen=True, slots=True)
class Committed:
    """One block of the journal."""

    transaction_id: str
    changes: State
    """The new content of every document it changed; None for one it deleted."""


def check(calls: Sequence[Call], journal: Sequence[Committed]) -> None:
    """Raise Anomaly unless the calls explain the journal and happened as if one after another."""
    states = _states(journal)
    places = {committed.transaction_id: i for i, committed in enumerate(journal)}
    if len(places) < len(journal):
        raise Anomaly("a transaction is in the journal twice")
    _check_effects(calls, journal, places)
    _check_time(calls, _placed(calls, states, places))


def _states(journal: Sequence[Committed]) -> list[State]:
    """states[i] is what block i found; the last one is what all blocks have made."""
    states: list[State] = [{}]
    for committed in journal:
        made = {**states[-1], **committed.changes}
        states.append({name: data for name, data in made.items() if data is not None})
    return states


def _check_effects(
    calls: Sequence[Call], journal: Sequence[Committed], places: Mapping[str, int]
) -> None:
    """What was acknowledged is there, once; what was refused is not; nothing else is."""
    owners = {attempt: call for call in calls for attempt in call.attempts}
    for call in calls:
        there = [attempt for attempt in call.attempts if attempt in places]
        if call.committed and call.writes and there != call.attempts[-1:]:
            raise Anomaly(f"{call.attempts} was acknowledged; in the journal are {there}")
        if call.completed is not None and not call.committed and there:
            raise Anomaly(f"{there} was refused and is in the journal")
        if len(there) > 1:
            raise Anomaly(f"one transaction took effect more than once: {there}")
    for committed in journal:
        if committed.transaction_id not in owners:
            raise Anomaly(f"nobody sent {committed.transaction_id}, which is in the journal")


def _placed(
    calls: Sequence[Call], states: Sequence[State], places: Mapping[str, int]
) -> list[tuple[Call, float]]:
    """Where each transaction that happened stands: block i at i, between i - 1 and i at i - 0.5."""
    placed: list[tuple[Call, float]] = []
    for call in sorted(calls, key=lambda call: call.invoked):
        last = call.attempts[-1] if call.attempts else ""
        if last in places:
            place = places[last]
            fault = _fault(call.operations, states[place])
            if fault:
                raise Anomaly(f"{last} at block {place}: {fault}")
            placed.append((call, float(place)))
        elif call.committed:
            earliest = _earliest(call, placed)
            suits = [i for i, s in enumerate(states) if not _fault(call.operations, s)]
            behind = [i for i in suits if i - 0.5 >= earliest]
            if not behind:
                raise Anomaly(
                    f"{last} read {call.operations}: that was so before blocks {suits}, but it"
                    f" began behind {earliest}"
                )
            placed.append((call, behind[0] - 0.5))
    return placed


def _earliest(call: Call, placed: Sequence[tuple[Call, float]]) -> float:
    """The last place of those that were over when the call began."""
    before = [p for c, p in placed if c.completed is not None and c.completed < call.invoked]
    return max(before, default=-1.0)


def _check_time(calls: Sequence[Call], placed: Sequence[tuple[Call, float]]) -> None:
    for call, place in placed:
        earliest = _earliest(call, placed)
        if place < earliest:
            raise Anomaly(
                f"{call.attempts[-1]} stands at {place}, before one at {earliest} that was over"
                " when it began"
            )


def _fault(operations: Sequence[Operation], state: State) -> str | None:
    """Which operation could not have happened in this state, and why."""
    now = dict(state)
    for operation in operations:
        match operation:
            case Write(document, data):
                now[document] = data
            case Read(document, seen):
                if now.get(document) != seen:
                    return f"document {document} was {now.get(document)}, {seen} was read"
            case Find(category, seen):
                matching = {
                    name: data
                    for name, data in now.items()
                    if data is not None and category in (None, data["category"])
                }
                if matching != seen:
                    return f"category {category} held {matching}, {seen} was found"
    return None
