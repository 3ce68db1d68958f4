"""An OpenSearch to test against: osmem-server on a free port of loopback, one for a test session.

A test module takes the fixtures by importing them: `from tests.opensearch import opensearch`.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from local.emulator import installation

STOP_S_MAX = 5


@pytest.fixture(scope="session")
def opensearch() -> Iterator[str]:
    """Its URL; the server ends with the session, or with this process."""
    packages = installation.python().parent.parent.glob("lib/python*/site-packages")
    program = next(packages) / "osmem_server" / "bin" / "osmem-server"
    server = subprocess.Popen(
        [str(program), "-addr", "127.0.0.1:0", "-no-ja", "-parent-pid", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.stdin.close()
        server.wait(STOP_S_MAX)
        server.stdout.close()


@pytest.fixture
def opensearch_client(opensearch: str) -> Iterator[OpenSearch]:
    """A plain client, to look behind what is tested."""
    client = OpenSearch(hosts=[opensearch])
    yield client
    client.close()


@pytest.fixture
def alias() -> str:
    """The name of an index that no other test has."""
    return f"ads-{uuid4().hex[:12]}"
