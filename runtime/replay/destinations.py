"""Where replays write to: every way is a projection, so order and repetition do not matter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from opensearchpy import OpenSearch

from runtime.ads.revision import AdRevision
from runtime.replays.entries import beside
from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.replay import Replay, Target
from runtime.search_index.bulk import Effect, Outcome
from runtime.search_index.errors import SearchIndexError
from runtime.search_index.index import AdIndex
from runtime.search_index.rebuild import IndexRebuild
from runtime.state.bulk import BulkWriter


@dataclass(slots=True)
class Projected:
    """What became of some ads' newest revisions."""

    written: int = 0
    """How many were older in the target, or missing."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why the target will never take an ad, by ad id."""
    unavailable: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why an ad may have been left behind, by ad id."""


class Destination(Protocol):
    """The target of one replay."""

    def prepare(self) -> bool:
        """Make ready before the first piece; whether it is empty, whatever was done before."""
        ...

    def project(self, ads: Sequence[AdRevision]) -> Projected:
        """Bring these ads level, one revision each, unless they are newer there."""
        ...

    def complete(self, catch_up: Callable[[], None]) -> None:
        """Put the target in its place; `catch_up` projects what was committed meanwhile."""
        ...

    def abandon(self) -> None:
        """Remove what is of no use when the replay is given up."""
        ...


Destinations = Callable[[Replay], Destination]


class InPlace:
    """A target that is level as soon as the pieces are: nothing to prepare or to complete."""

    def prepare(self) -> bool:
        """Nothing; what earlier attempts wrote is there."""
        return False

    def complete(self, catch_up: Callable[[], None]) -> None:
        """Nothing: what is committed after the plan comes by the stream, or is not asked for."""

    def abandon(self) -> None:
        """Nothing: what was written is right and stays."""


class TableDestination(InPlace):
    """The state table, or a replay's entries in the replay table."""

    def __init__(self, writer: BulkWriter) -> None:
        self._writer = writer

    def project(self, ads: Sequence[AdRevision]) -> Projected:
        """Put each ad on the condition that it is not newer there."""
        written = self._writer.put_all(ads)
        return Projected(written.count, written.refused, written.unavailable)


class IndexDestination(InPlace):
    """The search index in use."""

    def __init__(self, index: AdIndex) -> None:
        self._index = index

    def project(self, ads: Sequence[AdRevision]) -> Projected:
        """Index each ad by its version."""
        return _projected(self._index.bulk(ads))


class RebuiltIndexDestination:
    """A new search index beside the one in use."""

    def __init__(self, rebuild: IndexRebuild) -> None:
        self._rebuild = rebuild

    def prepare(self) -> bool:
        """Create the index; whether it had to be."""
        return _told(self._rebuild.create)

    def project(self, ads: Sequence[AdRevision]) -> Projected:
        """Index each ad by its version, in the new index alone."""
        return _projected(self._rebuild.bulk(ads))

    def complete(self, catch_up: Callable[[], None]) -> None:
        """Have new changes written here, add what was committed before, then swap."""
        _told(self._rebuild.divert)
        catch_up()
        _told(self._rebuild.swap)

    def abandon(self) -> None:
        """Remove the new index."""
        _told(self._rebuild.drop)


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that replays write to, by their clients and names."""

    dynamodb: Any
    state_table: str
    replay_table: str
    search: Callable[[], OpenSearch]
    alias: str

    def destination(self, replay: Replay) -> Destination:
        """The destination of a replay."""
        match replay.request.target:
            case Target.STATE:
                return TableDestination(BulkWriter(self.dynamodb, self.state_table))
            case Target.REPLAY_TABLE:
                writer = BulkWriter(self.dynamodb, self.replay_table, beside(replay))
                return TableDestination(writer)
            case Target.SEARCH:
                if not replay.request.rebuilds:
                    return IndexDestination(AdIndex(self.search(), self.alias))
                rebuild = IndexRebuild(self.search(), self.alias, replay.replay_id)
                return RebuiltIndexDestination(rebuild)


def _projected(outcomes: Sequence[Outcome]) -> Projected:
    projected = Projected(sum(one.effect is Effect.INDEXED for one in outcomes))
    refused = [one for one in outcomes if one.effect is Effect.REFUSED]
    projected.refused = {one.revision.ad_id: one.reason for one in refused}
    left = [one for one in outcomes if one.failed and one.effect is not Effect.REFUSED]
    projected.unavailable = {one.revision.ad_id: one.reason for one in left}
    return projected


def _told(step: Callable[[], Any]) -> Any:
    """Failures of the search engine as failures of a replay."""
    try:
        return step()
    except SearchIndexError as error:
        raise ReplayUnavailableError(str(error)) from error
