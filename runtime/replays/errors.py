"""Every error of replays.

ReplayError
├── UnknownReplayError       no replay has this id
├── ReplayKeyReusedError     an idempotency key came back with another request
├── TargetBusyError          another replay is making the same target anew
├── WrongStatusError         the replay is not in a status in which this can be done
├── UnusableSnapshotError    a snapshot cannot be begun with; the journal can
├── CursorError              a cursor that no list of replays, or of what they wrote, handed out
├── ReplayFailedError        a step of a replay cannot go on; the message is the replay's fault
└── ReplayUnavailableError   a store of replays, or what runs them, does not answer now
"""


class ReplayError(Exception):
    """Anything that keeps a replay from being asked for, told of or done."""


class UnknownReplayError(ReplayError):
    """No replay has this id."""

    def __init__(self, replay_id: str) -> None:
        super().__init__(f"There is no replay {replay_id}.")


class ReplayKeyReusedError(ReplayError):
    """An idempotency key was used before, for another request."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} was used before with another replay. "
            "Use a new key for a new replay."
        )


class TargetBusyError(ReplayError):
    """Only one replay at a time may make the search index anew."""

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"Replay {holder} is making the same target anew and has not ended. "
            "Wait for it, resume it, or cancel it."
        )


class WrongStatusError(ReplayError):
    """The replay is past this, or not there yet."""


class UnusableSnapshotError(ReplayError):
    """A snapshot is damaged, another ledger's, or cannot be read; blocks can be instead."""


class CursorError(ReplayError):
    """The cursor is not one of this list."""


class ReplayFailedError(ReplayError):
    """A step of a replay cannot go on."""


class ReplayUnavailableError(ReplayError):
    """Something that replays need does not answer; it may a moment later."""
