from datetime import datetime, tzinfo
from decimal import Decimal
from enum import IntEnum

class IonType(IntEnum):
    NULL = 0
    BOOL = 1
    INT = 2
    FLOAT = 3
    DECIMAL = 4
    TIMESTAMP = 5
    SYMBOL = 6
    STRING = 7
    CLOB = 8
    BLOB = 9
    LIST = 10
    SEXP = 11
    STRUCT = 12
    @property
    def is_text(self) -> bool: ...
    @property
    def is_lob(self) -> bool: ...
    @property
    def is_container(self) -> bool: ...

class TimestampPrecision(IntEnum):
    YEAR = 0
    MONTH = 1
    DAY = 2
    MINUTE = 3
    SECOND = 4

class Timestamp(datetime):
    precision: TimestampPrecision | None
    fractional_precision: int
    fractional_seconds: Decimal
    def __new__(
        cls,
        year: int,
        month: int = 1,
        day: int = 1,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int | None = None,
        tzinfo: tzinfo | None = None,
        precision: TimestampPrecision | None = None,
        fractional_precision: int | None = None,
        fractional_seconds: Decimal | None = None,
    ) -> Timestamp: ...

def timestamp(
    year: int,
    month: int = 1,
    day: int = 1,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    microsecond: int | None = None,
    off_hours: int | None = None,
    off_minutes: int | None = None,
    precision: TimestampPrecision | None = None,
    fractional_precision: int | None = None,
    fractional_seconds: Decimal | None = None,
) -> Timestamp: ...
