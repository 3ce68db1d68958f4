"""What the command makes of lags that are too long."""

import pytest

from cli.errors import FailedError
from cli.lag import check
from runtime.lag.lag import Age, Lag

LATE = Lag("stream", "ads-0", 4, 3, 1, 1, 9.0, at_least=False)


def test_only_what_is_late_is_named() -> None:
    check([LATE, Age("events", None)], 10)
    with pytest.raises(FailedError, match=r"more than 1 s behind: stream of ads-0, events of all"):
        check([LATE, Age("events", 2.0)], 1)
