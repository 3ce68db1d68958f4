"""One replay: what was asked for, and the statuses that it goes through.

    PENDING ──► RUNNING ──► FINISHING ──► SUCCEEDED
       ▲ │         │            │
       │ │         ├────────────┴──► FAILED ──► (resumed) PENDING
       │ └─────────┴── cancelled ──► CANCELLED ◄── cancelled, unless it was finishing

While a replay is finishing a live target changes hands; that can only be completed.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from runtime.replays.errors import WrongStatusError

FAULTS_MAX = 20
"""The newest are kept."""
FAULT_CHARACTERS_MAX = 1000
_ID_BYTES = 4


class Target(StrEnum):
    """What a replay writes."""

    REPLAY_TABLE = "replayTable"
    STATE = "state"
    SEARCH = "search"


class Status(StrEnum):
    """How far a replay is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    FINISHING = "FINISHING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED = frozenset({Status.SUCCEEDED, Status.CANCELLED})
"""Nothing follows these."""
ACTIVE = frozenset({Status.PENDING, Status.RUNNING, Status.FINISHING})
"""An execution is at work, or was lost."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants replayed."""

    target: Target
    ad_id: str | None = None
    """One ad; None for all."""
    until: str | None = None
    """As things were then: ISO 8601, milliseconds, Z; None for now. Live targets know only now."""

    def fingerprint(self) -> str:
        """The same text for the same request and for no other."""
        return json.dumps([self.target, self.ad_id, self.until])

    @property
    def rebuilds(self) -> bool:
        """Whether a live target is made anew beside itself, which only one replay may do."""
        return self.target is Target.SEARCH and self.ad_id is None


@dataclass(frozen=True, slots=True)
class Done:
    """Work done, of a piece or of all."""

    blocks: int = 0
    revisions: int = 0
    ads: int = 0
    """Ads brought level; for a moment of the past, one that changed in two pieces counts twice."""
    written: int = 0
    """Of these, how many were older in the target, or missing."""

    def __add__(self, other: "Done") -> "Done":
        return Done(
            self.blocks + other.blocks,
            self.revisions + other.revisions,
            self.ads + other.ads,
            self.written + other.written,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is: what is done, of how much."""

    done: Done = field(default_factory=Done)
    pieces_done: int = 0
    pieces: int = 0
    blocks: int = 0


@dataclass(frozen=True, slots=True)
class Beginning:
    """A snapshot that stands for the first blocks."""

    snapshot_id: str
    tips: tuple[int, ...]
    """By shard, the last block that it stands for; -1 for none."""
    objects: tuple[int, ...]
    """By shard, how many objects its ads are in."""
    trusted: bool = True
    """Whether none of them was found damaged, so that blocks need not be read instead."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as it is recorded. Times are ISO 8601 with milliseconds and Z."""

    replay_id: str
    request: Request
    created_at: str
    status: Status = Status.PENDING
    attempt: int = 1
    """One more at each resumption."""
    attempt_at: str = ""
    """When this attempt began."""
    resumed_at: str = ""
    """When this attempt was asked for, if it is not the first."""
    done_before: int = 0
    """Blocks that earlier attempts did."""
    finishing: bool = False
    """Whether a live target has begun to change hands."""
    heads: tuple[int, ...] = ()
    """By shard, the last block that was planned; -1 for none."""
    beginning: Beginning | None = None
    """The snapshot that was planned to be read instead of the first blocks."""
    ended_at: str = ""
    progress: Progress | None = None
    """Once it has ended or failed."""
    faults: tuple[str, ...] = ()
    lost: bool = False
    """Whether it failed since nothing ran it any more."""

    @property
    def asked_at(self) -> str:
        """When this attempt was asked for."""
        return self.resumed_at or self.created_at

    def chosen(self, heads: tuple[int, ...], beginning: Beginning | None, fault: str) -> "Replay":
        """To be done up to these heads, from a snapshot on where there is a good one."""
        self._expect("be planned", ACTIVE)
        return replace(self, heads=heads, beginning=beginning).told(fault)

    def planned(self, done_before: int, now: datetime) -> "Replay":
        """At work on its pieces."""
        self._expect("be planned", ACTIVE)
        status = Status.FINISHING if self.finishing else Status.RUNNING
        return replace(self, status=status, done_before=done_before, attempt_at=time_text(now))

    def distrusted(self, fault: str) -> "Replay":
        """Without its snapshot: the blocks that it stands for are to be read."""
        if self.beginning is None:
            return self
        return replace(self, beginning=replace(self.beginning, trusted=False)).told(fault)

    def completing(self) -> "Replay":
        """All pieces are done; the target may change hands."""
        self._expect("be completed", {Status.RUNNING, Status.FINISHING})
        return replace(self, status=Status.FINISHING, finishing=True)

    def succeeded(self, progress: Progress, now: datetime) -> "Replay":
        """Ended, and the target is level."""
        self._expect("succeed", {Status.FINISHING})
        return self._ended(Status.SUCCEEDED, progress, now)

    def failed(self, fault: str, progress: Progress, now: datetime) -> "Replay":
        """Stopped; it can be resumed."""
        self._expect("fail", ACTIVE)
        return self.told(fault)._ended(Status.FAILED, progress, now)

    def abandoned(self, progress: Progress, now: datetime) -> "Replay":
        """Stopped, since nothing runs it any more; it can be resumed."""
        fault = (
            f"the execution of attempt {self.attempt} ended or was lost before the replay had "
            "ended; resume the replay to go on"
        )
        return replace(self.failed(fault, progress, now), lost=True)

    def cancelled(self, progress: Progress, now: datetime) -> "Replay":
        """Given up: what it wrote stays, and is correct."""
        if self.finishing and self.status not in ENDED:
            raise WrongStatusError(
                f"Replay {self.replay_id} is putting its target in place and cannot be cancelled. "
                "Wait for it, or resume it if it failed."
            )
        self._expect("be cancelled", {Status.PENDING, Status.RUNNING, Status.FAILED})
        return self._ended(Status.CANCELLED, progress, now)

    def resumed(self, now: datetime) -> "Replay":
        """To be run again, without the pieces that are done."""
        self._expect("be resumed", {Status.FAILED, *ACTIVE})
        return replace(
            self,
            status=Status.PENDING,
            attempt=self.attempt + 1,
            resumed_at=time_text(now),
            ended_at="",
            progress=None,
            lost=False,
        )

    def told(self, fault: str) -> "Replay":
        """With one more fault, unless it is known already."""
        short = fault[:FAULT_CHARACTERS_MAX]
        if not short or short in self.faults:
            return self
        return replace(self, faults=(*self.faults, short)[-FAULTS_MAX:])

    def _ended(self, status: Status, progress: Progress, now: datetime) -> "Replay":
        return replace(self, status=status, progress=progress, ended_at=time_text(now))

    def _expect(self, what: str, statuses: "frozenset[Status] | set[Status]") -> None:
        if self.status not in statuses:
            raise WrongStatusError(
                f"Replay {self.replay_id} is {self.status} and cannot {what}: "
                f"it would have to be {' or '.join(sorted(statuses))}."
            )


Change = Callable[[Replay], Replay]
"""From one recorded replay to the next; WrongStatusError where that cannot be."""


def new_replay(request: Request, now: datetime) -> Replay:
    """A replay that nobody has begun; ids sort by time and may stand in an index's name."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dt%H%M%S")
    return Replay(f"{stamp}-{secrets.token_hex(_ID_BYTES)}", request, time_text(now))


def time_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z, so that texts sort as times do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def dump(replay: Replay) -> str:
    """The replay as JSON."""
    return json.dumps(asdict(replay))


def load(text: str) -> Replay:
    """The replay that was dumped."""
    known: dict[str, Any] = json.loads(text)
    request: dict[str, Any] = known["request"]
    progress: dict[str, Any] | None = known["progress"]
    changed: dict[str, Any] = {
        "request": Request(Target(request["target"]), request["ad_id"], request["until"]),
        "status": Status(known["status"]),
        "heads": tuple(known["heads"]),
        "faults": tuple(known["faults"]),
        "progress": None if progress is None else _progress(progress),
        "beginning": _beginning(known.get("beginning")),
    }
    return Replay(**(known | changed))


def _beginning(known: dict[str, Any] | None) -> Beginning | None:
    if known is None:
        return None
    return replace(Beginning(**known), tips=tuple(known["tips"]), objects=tuple(known["objects"]))


def _progress(known: dict[str, Any]) -> Progress:
    done: dict[str, Any] = {"done": Done(**known["done"])}
    return Progress(**(known | done))
