"""Waits until the deployed APIs answer, and starts the functions that nobody has called yet."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from local.errors import ProcessError

READY_S_MAX = 60.0
CALL_S_MAX = 30.0
PAUSE_S = 0.1
SERVER_ERROR = 500
EMPTY_BATCH = '{"Records": []}'


def wait_until_ready(outputs: Mapping[str, str], lambda_client: Any) -> None:
    """Return when both APIs answer and every function that reads a stream has been started.

    Raises ProcessError with the last answer when one does not within a minute.
    """
    publisher, client = outputs["publisherApiEndpoint"], outputs["clientApiEndpoint"]
    calls = [
        ("GET", f"{publisher}/openapi.json"),
        ("GET", f"{client}/openapi.json"),
        ("POST", f"{publisher}/publisher/nobody/ad"),  # Without a body: refused, but started.
    ]
    sources = lambda_client.list_event_source_mappings()["EventSourceMappings"]
    functions = {source["FunctionArn"] for source in sources}
    with ThreadPoolExecutor(len(calls) + len(functions)) as pool:
        jobs = [pool.submit(_wait_for, *call) for call in calls]
        jobs += [pool.submit(_start, lambda_client, function) for function in functions]
        for job in jobs:
            job.result()


def _start(lambda_client: Any, function: str) -> None:
    """A cold start takes a second that the first write should not wait for."""
    lambda_client.invoke(FunctionName=function, Payload=EMPTY_BATCH)


def _wait_for(method: str, url: str) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=CALL_S_MAX)
    deadline, last = time.monotonic() + READY_S_MAX, ""
    while time.monotonic() < deadline:
        try:
            answer = pool.request(method, url)
        except HTTPError as error:
            last = str(error)
        else:
            if answer.status < SERVER_ERROR:
                return
            last = f"{answer.status} {answer.data[:500].decode(errors='replace')}"
        time.sleep(PAUSE_S)
    raise ProcessError(
        f"{method} {url} does not answer within {READY_S_MAX:.0f} s; "
        f"look at `make logs`. The last answer was {last}"
    )
