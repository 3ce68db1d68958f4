"""Every error of the state table.

StateError
├── CursorError            a cursor this publisher's list did not hand out
├── StateUnavailableError  throttled, unreachable, timed out, not permitted: may succeed later
├── StateRefusedError      the table will never take this item
└── DamagedItemError       an item that no projection wrote
"""


class StateError(Exception):
    """Anything that keeps the state of ads from being read or written."""


class CursorError(StateError):
    """The cursor is not one that this publisher's list handed out."""


class StateUnavailableError(StateError):
    """The table did not do what was asked, for a reason that lies outside of the request."""


class StateRefusedError(StateError):
    """The table refuses the request itself; sending it again will not help."""


class DamagedItemError(StateError):
    """An item lacks what every projected item has."""
