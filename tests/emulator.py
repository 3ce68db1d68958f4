"""The embedded cloud for tests: MiniStack on loopback, one for each process of a test run."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.emulator.servers import REGION, CloudServer
from local.home import Home


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServer]:
    """A running MiniStack that is gone after the tests."""
    server = CloudServer(Home(tmp_path_factory.mktemp("cloud")))
    server.start()
    yield server
    server.kill()


def client(cloud: CloudServer, service: str, **config: Any) -> Any:
    """A boto3 client of the embedded cloud, with all rights."""
    return boto3.client(
        service,
        endpoint_url=cloud.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(**config),
    )
