"""Every error of the stream records.

JournalStreamError
├── RecordTooLargeError    a stream record that no Kinesis record can hold
├── BlockError             bytes that are not a journal block
├── BatchError             a batch that has to be split before it can go on
└── RecordError            a Kinesis record a consumer cannot read, whoever wrote it
    ├── DamagedRecordError    an aggregate or an Ion value that is not whole
    └── ForeignRecordError    whole, but not one of QLDB's records, or not an ad's
"""


class JournalStreamError(Exception):
    """Anything that keeps a block from becoming revisions at the stream's other end."""


class RecordTooLargeError(JournalStreamError):
    """A stream record is larger than a Kinesis record may be."""


class BlockError(JournalStreamError):
    """The bytes given are not a journal block."""


class BatchError(JournalStreamError):
    """The first record of a batch fails for good: split the batch, so that it fails alone."""


class RecordError(JournalStreamError):
    """A Kinesis record cannot be read; reading it again will not help."""


class DamagedRecordError(RecordError):
    """An aggregate fails its checksum, or Ion ends too early."""


class ForeignRecordError(RecordError):
    """A record is not one that a QLDB stream carries."""
