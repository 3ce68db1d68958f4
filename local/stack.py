"""The whole embedded stack of one home: the cloud, the search engine, the event sources."""

import fcntl
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import settings
from local.emulator.servers import CloudServer, SearchServer
from local.errors import DeploymentError, ProcessError
from local.event_sources.faults import Faults
from local.event_sources.process import EventSources
from local.home import ROOT, Home
from local.page.process import Page
from local.readiness import wait_until_ready

Report = Callable[[str], None]
"""Told what has just been done."""


class Stack:
    """Starts, stops and looks after everything in one folder.

    Every method may be called at any time, from any process: one that changes something waits for
    the others. Errors are LocalError.
    """

    def __init__(self, home: Path, report: Report = lambda _: None) -> None:
        """Nothing happens yet; `report` hears of each step."""
        self.home = Home(home)
        self.cloud = CloudServer(self.home)
        self.search = SearchServer(self.home)
        self.event_sources = EventSources(self.home, settings.region())
        self.page = Page(self.home, settings.region())
        self._report = report

    def up(self, faults: Faults | None = None) -> dict[str, str]:
        """Start what does not run, deploy the program, bring projections level; the outputs.

        Returns when the APIs answer. A stack that is up is only brought up to date. When this
        fails and nothing ran before, nothing runs afterwards.
        """
        with self._alone(), self._all_or_nothing(), ThreadPoolExecutor(1) as pool:
            fresh = self._start_servers()
            outputs = self._deploy()
            # Functions start while the journal is read.
            answering = pool.submit(wait_until_ready, outputs, self.client("lambda"))
            if not self.event_sources.process.alive():
                fresh = True
                self.event_sources.start(faults)
                self._report("event sources are reading")
            self.page.start()
            if fresh:
                self._level()
            answering.result()
            self._report("the APIs answer")
            if fresh:
                self._publish_lost()
                self._resume_replays()
        return outputs

    def down(self) -> None:
        """Deliver what is under way, save, and end every process; the data stays."""
        with self._alone():
            self._stop()

    def kill(self) -> None:
        """End every process at once, as a crash would."""
        for part in (self.page, self.event_sources, self.cloud, self.search):
            part.kill()

    def clean(self) -> None:
        """End everything and forget all data; the emulator's installation stays."""
        self.kill()
        keep = {"emulator", "emulator.lock"}
        for path in self.home.path.iterdir() if self.home.path.exists() else ():
            if path.name in keep:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def status(self) -> dict[str, bool]:
        """Which of its processes are alive, by name."""
        parts = (self.cloud, self.search, self.event_sources, self.page)
        return {part.process.name: part.process.alive() for part in parts}

    def outputs(self) -> dict[str, str]:
        """The program's exports. Raises ProcessError when the stack was never up."""
        if not self.home.outputs.exists():
            raise ProcessError(f"there is no stack in {self.home.path}; run `make up` first")
        return json.loads(self.home.outputs.read_text())

    def level(self) -> Any:
        """Bring the projections level with the ledger; see local.level."""
        with self._alone():
            return self._level()

    @contextmanager
    def faulty(self, faults: Faults) -> Iterator[None]:
        """Let deliveries fail on purpose for a while."""
        self._restart_event_sources(faults)
        try:
            yield
        finally:
            self._restart_event_sources(None)

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded cloud, with every right."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.cloud.url,
            region_name=settings.region(),
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's own.
        )

    def _restart_event_sources(self, faults: Faults | None) -> None:
        with self._alone():
            self.event_sources.kill()
            self.event_sources.start(faults)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Leave no half of a stack behind where there was none."""
        ran_before = any(self.status().values())
        try:
            yield
        except BaseException as error:
            if not ran_before:
                self._stop()
            from infra.errors import InfraError  # With everything that infra imports: a second.

            if isinstance(error, InfraError):
                raise DeploymentError(str(error)) from error
            raise

    def _stop(self) -> None:
        self.page.stop()
        self.event_sources.stop()
        self.search.stop()
        self.cloud.stop()

    def _start_servers(self) -> bool:
        """Whether anything had to be started. The search engine never outlives the cloud."""
        status = self.status()
        if status["cloud"] and status["search"]:
            return False
        if not status["cloud"]:
            for part in (self.page, self.event_sources, self.search):
                part.kill()
            if any(map(_taken, self.home.ports().values())):
                self.home.forget_ports()
        jobs = (self.cloud.start, self.search.start, _prepare_layer, _prepare_program)
        with ThreadPoolExecutor(len(jobs)) as pool:
            for future in [pool.submit(job) for job in jobs]:
                future.result()
        self._report("the cloud and the search engine answer")
        return True

    def _deploy(self) -> dict[str, str]:
        from local.deployer.cloud import LocalCloud, deploy
        from local.deployer.state import State

        state = State.load(self.home.deployment)
        cloud = LocalCloud(self.cloud.url, settings.region(), state)
        plan = deploy(
            ROOT,
            cloud,
            state,
            config=settings.host_config() | settings.page_config(self.page.url),
            stack_file=settings.STACK_FILE,
        )
        text = json.dumps(plan.exports, indent=2, sort_keys=True)
        self.home.outputs.write_text(text + "\n")
        self.page.configure(plan.exports)
        self._report(f"the program is deployed: {len(cloud.made)} resources, {cloud.changed} new")
        return plan.exports

    def _level(self) -> Any:
        from opensearchpy import OpenSearch

        from local.level import level
        from local.progress import bar

        with bar() as progress:
            done = level(
                self.client("dynamodb"),
                OpenSearch(hosts=[self.search.url]),
                self.outputs(),
                settings.ledger_names(),
                progress,
            )
        self._report(
            f"the projections are level with the ledger: {done.blocks} blocks verified, "
            f"{done.ads} ads, {done.state_written} of them were behind"
        )
        return done

    def _publish_lost(self) -> None:
        from local.deployer.state import State
        from local.unpublished import Unpublished

        lost = Unpublished(
            self.client("dynamodb"),
            self.client("kinesis"),
            self.client("lambda"),
            self.outputs(),
            State.load(self.home.deployment),
        )
        if published := lost.publish(settings.ledger_names()):
            self._report(f"blocks that the stream lacked are published: {published}")

    def _resume_replays(self) -> None:
        from local.deployer.state import State
        from local.replays import resume_lost

        deployment = State.load(self.home.deployment)
        clients = (self.client("dynamodb"), self.client("stepfunctions"))
        if resumed := resume_lost(*clients, deployment):
            self._report(f"replays that a stop had ended go on: {', '.join(resumed)}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.home.make()
        with (self.home.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _taken(port: int) -> bool:
    """Whether somebody else uses the port, for connections or for datagrams."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return True
    return False


def _prepare_layer() -> None:
    """Build the workers' dependencies while the emulator starts."""
    from infra import layer

    config = settings.host_config()
    layer.archive(config["adledger:layerPlatform"], config["adledger:layerPythonVersion"])


def _prepare_program() -> None:
    """Import what the program imports while the emulator starts: it takes a second."""
    import infra  # noqa: F401
