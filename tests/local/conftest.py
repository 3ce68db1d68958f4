"""An embedded cloud of one's own for the tests of a module."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest

from local.emulator.servers import REGION, CloudServer
from local.home import Home


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServer]:
    server = CloudServer(Home(tmp_path_factory.mktemp("home")))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def client(cloud: CloudServer) -> Callable[[str], Any]:
    """A client of that cloud by service, with every right."""
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    return cache(lambda service: session.client(service, endpoint_url=cloud.url))
