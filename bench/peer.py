"""The same work done by `eventsourcing`, run by bench/ledger.py in the peer's own environment.

Prints one line of JSON: appends a second by one thread and by several, and events read a second.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

EVENTS_A_STREAM = 10
PAGE = 1000


class Stream(Aggregate):
    """Something that happens again and again."""

    @event("Happened")
    def happen(self, text: str) -> None:
        """Let it happen."""
        self.text = text


def main() -> None:
    """Measure: `peer.py FOLDER SECONDS THREADS READ TEXT`."""
    folder, seconds, threads, read, text = sys.argv[1:]
    one = _rate(_application(folder), float(seconds), 1, text)
    several = _rate(_application(folder), float(seconds), int(threads), text)
    print(json.dumps({"one": one, "several": several, **_read(folder, int(read), text)}))


def _application(folder: str) -> Application:
    os.environ["PERSISTENCE_MODULE"] = "eventsourcing.sqlite"
    os.environ["SQLITE_DBNAME"] = f"{folder}/peer-{uuid4().hex}.db"
    os.environ["SQLITE_LOCK_TIMEOUT"] = "30"
    return Application()


def _rate(application: Application, seconds: float, threads: int, text: str) -> float:
    """Events saved a second."""
    counts: list[int] = []

    def work() -> None:
        ends_at = time.perf_counter() + seconds
        count = 0
        stream = Stream()
        while time.perf_counter() < ends_at:
            if count % EVENTS_A_STREAM == 0:
                stream = Stream()
            stream.happen(text)
            application.save(stream)
            count += 1
        counts.append(count)

    _together(work, threads)
    application.close()
    return sum(counts) / seconds


def _read(folder: str, count: int, text: str) -> dict[str, float]:
    """Events read in order and decoded, a second of CPU time: as an application, as a recorder."""
    application = _application(folder)
    for _ in range(0, count, EVENTS_A_STREAM):
        stream = Stream()
        for _ in range(EVENTS_A_STREAM - 1):
            stream.happen(text)
        application.save(stream)
    log, recorder = application.notification_log, application.recorder
    rates = {
        "read": _read_rate(application, log.select, application.log_section_size),
        "read by recorder": _read_rate(application, recorder.select_notifications, PAGE),
    }
    application.close()
    return rates


def _read_rate(application: Application, select: Callable[..., Any], page: int) -> float:
    # CPU time: reading waits for nothing, and other load on the machine then counts little.
    began, found, start = time.process_time(), 0, 1
    while notifications := select(start, page):
        for notification in notifications:
            application.mapper.to_domain_event(notification)
        found += len(notifications)
        start = int(notifications[-1].id) + 1
    return found / (time.process_time() - began)


def _together(work: Callable[[], None], threads: int) -> None:
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
