"""What can go wrong while a lag is measured.

LagError
├── UnreachedError      the stream or the metrics do not answer
├── RefusedError        they do not let the caller read them, or not as often
└── ForeignRecordError  the stream has a record that is none of ours
"""


class LagError(Exception):
    """Base of all of them."""


class UnreachedError(LagError):
    """Nothing answered: try again."""


class RefusedError(LagError):
    """The answer was no: look at the rights, or try again later."""


class ForeignRecordError(LagError):
    """Somebody else writes to the stream: find out who."""
