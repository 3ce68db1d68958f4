"""Every error of the publisher's stores.

PublishError
├── JournalUnavailableError  the journal table did not give all parts of a block
└── StreamUnavailableError   Kinesis did not take records
"""


class PublishError(Exception):
    """Anything outside of a block that keeps it from being published now."""


class JournalUnavailableError(PublishError):
    """The journal table did not give all parts of a block."""


class StreamUnavailableError(PublishError):
    """Kinesis did not take records, as a whole or one by one."""
