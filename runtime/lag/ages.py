"""How old what consumers of the stream are given is, by what Lambda tells of them."""

from datetime import datetime, timedelta
from typing import Any, Final

from runtime.lag.asking import asking

LOOK_BACK: Final = timedelta(minutes=10)
"""How far back metrics are looked at: they are late by a minute or two."""
PERIOD_S: Final = 60
QUERY: Final = "age"
MS_A_S: Final = 1000


class IteratorAge:
    """The age of the newest records that a function was given."""

    def __init__(self, client: Any, function: str) -> None:
        """Use boto3's CloudWatch client; it stays the caller's to close."""
        self._client = client
        self._function = function

    def seconds(self, now: datetime) -> float | None:
        """At its last batches; None where it was given none for LOOK_BACK. Raises LagError."""
        metric = {
            "Namespace": "AWS/Lambda",
            "MetricName": "IteratorAge",
            "Dimensions": [{"Name": "FunctionName", "Value": self._function}],
        }
        asked = {"Metric": metric, "Period": PERIOD_S, "Stat": "Maximum"}
        with asking(f"the metrics of {self._function}"):
            answer = self._client.get_metric_data(
                MetricDataQueries=[{"Id": QUERY, "MetricStat": asked}],
                StartTime=now - LOOK_BACK,
                EndTime=now + timedelta(seconds=PERIOD_S),
                ScanBy="TimestampDescending",
            )
        [found] = answer["MetricDataResults"]
        newest = max(zip(found["Timestamps"], found["Values"], strict=True), default=None)
        return None if newest is None else round(newest[1] / MS_A_S, 3)
