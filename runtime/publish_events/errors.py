"""Every error of the events' worker.

EventError
├── HistoryUnavailableError   the ledger did not give an ad's version before
└── HistoryGapError           the ledger has no version before
"""


class EventError(Exception):
    """Anything that keeps a revision from becoming an event."""


class HistoryUnavailableError(EventError):
    """The ledger did not give the version before; it may do so later."""


class HistoryGapError(EventError):
    """The ledger has no version before: it is not the one that the stream comes from."""
