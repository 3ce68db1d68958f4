"""The same work done by `eventsourcing`, run by bench/ledger.py in the peer's own environment.

Prints one line of JSON: appends a second by one thread and by several, and events read a second.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

EVENTS_A_STREAM = 10


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
    print(json.dumps({"one": one, "several": several, "read": _read(folder, int(read), text)}))


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


def _read(folder: str, count: int, text: str) -> float:
    """Events read in order and decoded, a second."""
    application = _application(folder)
    stream = Stream()
    for _ in range(0, count, EVENTS_A_STREAM):
        stream = Stream()
        for _ in range(EVENTS_A_STREAM - 1):
            stream.happen(text)
        application.save(stream)
    began, found = time.perf_counter(), 0
    start = 1
    while notifications := application.recorder.select_notifications(start, 1000):
        for notification in notifications:
            application.mapper.to_domain_event(notification)
        found += len(notifications)
        start = int(notifications[-1].id) + 1
    elapsed = time.perf_counter() - began
    application.close()
    return found / elapsed


def _together(work: Callable[[], None], threads: int) -> None:
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
