"""Lambda's metric of how old records are when functions are given them."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError

from local.emulator.servers import REGION, CloudServer
from local.event_sources import ages
from local.event_sources.ages import TAIL_CHARACTERS, Ages
from local.event_sources.clients import Cloud
from runtime.lag.ages import IteratorAge
from tests.emulator import client

NAME = "project"
ARN = f"arn:aws:lambda:eu-west-1:000000000000:function:{NAME}"


def of_kinesis(*ages_s: float) -> str:
    now = time.time()
    found = [
        {"kinesis": {"data": "eA==", "approximateArrivalTimestamp": now - each}} for each in ages_s
    ]
    return json.dumps({"Records": found})


def of_table(age_s: float, image: str) -> str:
    change = {"ApproximateCreationDateTime": time.time() - age_s, "NewImage": {"S": image}}
    return json.dumps({"Records": [{"dynamodb": change}]})


class Kept:
    """What was put, all of it."""

    def __init__(self) -> None:
        self.puts: list[Mapping[str, float]] = []

    def __call__(self, ages_ms: Mapping[str, float]) -> None:
        self.puts.append(ages_ms)


@pytest.mark.parametrize(
    ("payload", "seconds"),
    [
        (lambda: of_kinesis(9, 7), 7),
        (lambda: of_table(5, "x"), 5),
        (lambda: of_table(5, "x" * 2 * TAIL_CHARACTERS), 5),
        (lambda: of_kinesis(-60), 0),
    ],
)
def test_the_age_is_that_of_the_newest_record(payload: Callable[[], str], seconds: float) -> None:
    kept = Kept()
    noted = Ages(kept)
    assert noted.noting(lambda *_: "answer")(ARN, payload()) == "answer"
    noted.flush()
    [put] = kept.puts
    assert put[NAME] == pytest.approx(seconds * 1000, abs=900)


def test_the_oldest_since_the_last_flush_is_put_once() -> None:
    kept = Kept()
    noted = Ages(kept)
    for age in (1, 40, 2):
        noted.note(ARN, of_kinesis(age))
    noted.note(ARN, "{}")
    noted.flush()
    noted.flush()
    [put] = kept.puts
    assert put[NAME] == pytest.approx(40_000, abs=900)


def test_metrics_that_are_away_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Mapping[str, float]) -> None:
        refused.set()
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(ages, "FLUSH_S", 0.001)
    refused, stopping = threading.Event(), threading.Event()
    noted = Ages(refuse)
    noted.note(ARN, of_kinesis(1))
    running = threading.Thread(target=noted.run, args=(stopping,))
    running.start()
    assert refused.wait(10)
    assert running.is_alive()
    stopping.set()
    running.join()


def test_lag_reads_what_the_event_sources_put(cloud: CloudServer) -> None:
    function = f"function-{uuid4().hex}"
    Cloud(cloud.url, REGION).put_ages({function: 2500.0, "other": 1.0})
    metrics = client(cloud, "cloudwatch")
    assert IteratorAge(metrics, function).seconds(datetime.now(UTC)) == 2.5
    metrics.close()
