"""All mappings of the embedded cloud: begun, changed and ended as Lambda's list says."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.event_sources import mappings
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.delivery import Discarded, Invoke
from local.event_sources.filters import PatternError
from local.event_sources.mappings import Mapping
from local.event_sources.shards import ShardReader
from local.event_sources.sources import Source

RECONCILE_S = 1.0
SHARDS_S = 5.0
"""Between two looks for new shards of a mapping."""
DRAIN_POLL_S = 0.01
QUIET_LOOKS = 2
"""So many looks in a row must find nothing new before the streams count as drained."""

log = logging.getLogger(__name__)

Report = Callable[[Mapping, str, Discarded], None]


class MappingReader:
    """One mapping: a reader for every shard whose parents are done."""

    def __init__(
        self,
        mapping: Mapping,
        source: Source,
        checkpoints: Checkpoints,
        invoke: Invoke,
        report: Report,
    ) -> None:
        self.mapping, self._source, self._checkpoints = mapping, source, checkpoints
        self._invoke = invoke
        self._report = lambda shard, discarded: report(mapping, shard, discarded)
        self.readers: dict[str, ShardReader] = {}
        self._looked_at = 0.0

    def look(self) -> None:
        """Begin what can begin; called every moment, it lists shards only every few seconds."""
        finished = {shard for shard, reader in self.readers.items() if reader.finished}
        now = time.monotonic()
        if not finished and now - self._looked_at < SHARDS_S:
            return
        for shard in finished:
            del self.readers[shard]
        shards = list(self._source.shards())
        self._looked_at = now
        first = not self._checkpoints.known(self.mapping.id)
        if first:
            for shard in shards:
                self._begin_mapping(shard.id, closed=shard.closed)
        listed = {shard.id for shard in shards}
        for shard in shards:
            waits = any(
                parent in listed and not self._is_finished(parent) for parent in shard.parents
            )
            if not waits and shard.id not in self.readers and not self._is_finished(shard.id):
                self._start(shard.id)

    def stop(self) -> None:
        for reader in self.readers.values():
            reader.stop()

    def join(self) -> None:
        for reader in self.readers.values():
            reader.join()

    def _begin_mapping(self, shard: str, *, closed: bool) -> None:
        """Where a new mapping starts; shards that appear later are read from their beginning."""
        position = self.mapping.starting_position
        if position == "TRIM_HORIZON":
            self._checkpoints.begin(self.mapping.id, shard, None)
        elif position == "AT_TIMESTAMP":
            self._checkpoints.begin(self.mapping.id, shard, self.mapping.starting_timestamp)
        elif closed:
            self._checkpoints.finish(self.mapping.id, shard)
        else:
            self._checkpoints.begin(self.mapping.id, shard, time.time())

    def _is_finished(self, shard: str) -> bool:
        checkpoint = self._checkpoints.read(self.mapping.id, shard)
        return checkpoint is not None and checkpoint.finished

    def _start(self, shard: str) -> None:
        log.info("%s reads %s", self.mapping.function_name, shard)
        self.readers[shard] = ShardReader(
            *(self.mapping, shard, self._source, self._checkpoints, self._invoke, self._report)
        )


class Service:
    """Keeps the readers as the list of mappings says, until it is told to stop."""

    def __init__(
        self,
        list_mappings: Callable[[], list[dict[str, Any]]],
        open_source: Callable[[Mapping], Source],
        checkpoints: Checkpoints,
        invoke: Invoke,
        report: Report,
    ) -> None:
        self._list, self._open_source, self._checkpoints = list_mappings, open_source, checkpoints
        self._invoke, self._report = invoke, report
        self._readers: dict[str, MappingReader] = {}
        self._lock = threading.Lock()
        self.ready = threading.Event()
        """Set once every mapping of the first list is being read."""

    def run(self, stopping: threading.Event) -> None:
        """Look again every moment until `stopping` is set."""
        while not stopping.is_set():
            try:
                self.reconcile()
                self.ready.set()
            except (ClientError, BotoCoreError) as error:
                log.warning("the mappings cannot be listed: %s", error)
            stopping.wait(RECONCILE_S)

    def reconcile(self) -> None:
        """Make the readers what the list of mappings says."""
        wanted = {m.id: m for m in map(self._parse, self._list()) if m is not None}
        with self._lock:
            for mapping_id, reader in list(self._readers.items()):
                if reader.mapping != wanted.get(mapping_id):
                    reader.stop()
                    reader.join()
                    del self._readers[mapping_id]
            self._checkpoints.forget_all_but(set(wanted))
            for mapping in wanted.values():
                if mapping.enabled:
                    self._look(mapping)

    def wake(self, source: str) -> None:
        """`table/<name>` or `stream/<name>/<shard>` has grown; anything else is nothing."""
        kind, _, rest = source.partition("/")
        name, _, shard = rest.partition("/")
        wanted = {"stream": f"stream/{name}", "table": f"table/{name}/stream"}.get(kind)
        for mapping_reader in list(self._readers.values()):
            resource = mapping_reader.mapping.stream_arn.split(":", 5)[5]
            if wanted is None or not f"{resource}/".startswith(f"{wanted}/"):
                continue
            for reader in list(mapping_reader.readers.values()):
                if shard in ("", reader.shard):
                    reader.wake()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is left in any stream; False when it took too long.

        One stream feeds the next, so every shard must stay quiet for several looks.
        """
        deadline, quiet, count = time.monotonic() + timeout_s, 0, -1
        while quiet < QUIET_LOOKS:
            shards = [shard for r in self._readers.values() for shard in r.readers.values()]
            for shard in shards:
                shard.wake()
            while not all(shard.idle() for shard in shards):
                if time.monotonic() > deadline:
                    return False
                time.sleep(DRAIN_POLL_S)
            seen = sum(shard.read_count for shard in shards)
            quiet = quiet + 1 if seen == count else 0
            count = seen
        return True

    def stop(self) -> None:
        """End every reader between two batches."""
        with self._lock:
            for reader in self._readers.values():
                reader.stop()
            for reader in self._readers.values():
                reader.join()

    def _look(self, mapping: Mapping) -> None:
        if mapping.id not in self._readers:
            self._readers[mapping.id] = MappingReader(
                mapping,
                self._open_source(mapping),
                self._checkpoints,
                self._invoke,
                self._report,
            )
        try:
            self._readers[mapping.id].look()
        except (ClientError, BotoCoreError) as error:
            log.warning("%s cannot list its shards: %s", mapping.function_name, error)

    def _parse(self, answer: dict[str, Any]) -> Mapping | None:
        if not mappings.reads_stream(answer):
            return None
        try:
            return mappings.parse(answer)
        except PatternError as error:
            log.error("the mapping %s is not read: %s", answer["UUID"], error)  # noqa: TRY400
            return None
