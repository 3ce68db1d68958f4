"""The embedded cloud starts on loopback only, keeps what it was told, and survives a crash."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local.emulator.servers import REGION, CloudServer, SearchServer, answers
from local.home import Home

SAVED_S_MAX = 10.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    CloudServer(home).kill()
    SearchServer(home).kill()


def queues(cloud: CloudServer):
    return boto3.client(
        "sqs",
        endpoint_url=cloud.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def listening(pid: int) -> set[str]:
    """The IPv4 addresses on which a process listens, as Linux lists them."""
    inodes = {
        link.readlink().name
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink() and str(link.readlink()).startswith("socket:")
    }
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    return {
        socket.inet_ntoa(struct.pack("<I", int(row[1].split(":")[0], 16)))
        if len(row[1].split(":")[0]) == 8
        else row[1].split(":")[0]
        for row in rows
        if row[3] == "0A" and f"socket:[{row[9]}]" in inodes
    }


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_both_listen_on_loopback_only(home: Home) -> None:
    for server in (CloudServer(home), SearchServer(home)):
        server.start()
        pid = server.process.pid()
        assert pid is not None
        assert listening(pid) == {"127.0.0.1"}


def test_what_was_saved_on_stop_is_there_on_start(home: Home) -> None:
    cloud = CloudServer(home)
    cloud.start()
    queues(cloud).create_queue(QueueName="kept")
    cloud.stop()
    assert not answers(cloud.url)
    cloud.start()
    assert queues(cloud).get_queue_url(QueueName="kept")["QueueUrl"].endswith("/kept")


def test_a_crash_loses_only_the_last_seconds(home: Home) -> None:
    cloud = CloudServer(home)
    cloud.start()
    queues(cloud).create_queue(QueueName="kept")
    state = home.cloud / "state" / "sqs.json"
    deadline = time.monotonic() + SAVED_S_MAX
    while not state.exists():
        assert time.monotonic() < deadline, "nothing was saved while it ran"
        time.sleep(0.1)
    cloud.kill()
    cloud.start()
    assert queues(cloud).get_queue_url(QueueName="kept")["QueueUrl"].endswith("/kept")


def test_starting_twice_is_starting_once(home: Home) -> None:
    cloud = CloudServer(home)
    cloud.start()
    pid = cloud.process.pid()
    cloud.start()
    assert cloud.process.pid() == pid


def test_nothing_is_left_after_a_stop(home: Home) -> None:
    cloud, search = CloudServer(home), SearchServer(home)
    cloud.start()
    search.start()
    cloud.stop()
    search.stop()
    assert not cloud.process.alive()
    assert not search.process.alive()
    assert not (home.cloud / "tmp").exists()
    assert list(home.run.iterdir()) == []


def test_the_environment_of_the_caller_stays_outside(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "of the host")
    cloud = CloudServer(home)
    cloud.start()
    pid = cloud.process.pid()
    if not Path(f"/proc/{pid}/environ").exists():
        pytest.skip("reads Linux's table of processes")
    assert b"A_SECRET" not in Path(f"/proc/{pid}/environ").read_bytes()
