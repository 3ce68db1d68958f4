"""What queries read besides the ledger, kept in memory."""

from collections.abc import Mapping, Sequence

from runtime.ads.cursor import pack, unpack
from runtime.ads.revision import AdRevision
from runtime.search_index.errors import CursorError as SearchCursorError
from runtime.search_index.index import Page as FoundPage
from runtime.search_index.query import Search
from runtime.state.errors import CursorError, StateUnavailableError
from runtime.state.table import Page
from tests.memory_ads import MemoryAds

SECOND = pack("second")


class MemoryStates:
    """The newest revisions of a record of ads, without any delay; cursors hold ad ids."""

    def __init__(self, ads: MemoryAds) -> None:
        self._ads = ads
        self.down = False

    def get(self, ad_id: str) -> AdRevision | None:
        if self.down:
            raise StateUnavailableError("table secret-name is throttled")
        history = self._ads.history.get(ad_id)
        return history[-1] if history else None

    def list(self, publisher_id: str, limit: int, cursor: str | None = None) -> Page:
        newest = [history[-1] for history in self._ads.history.values()]
        own = [r for r in reversed(newest) if r.fields and r.fields["publisherId"] == publisher_id]
        ids = [revision.ad_id for revision in own]
        last = None if cursor is None else unpack(cursor)[0]
        if last is not None and last not in ids:
            raise CursorError("The cursor is damaged. Begin without a cursor.")
        first = 0 if last is None else ids.index(last) + 1
        page = own[first : first + limit]
        more = first + limit < len(own)
        return Page(tuple(page), pack(page[-1].ad_id) if more else None)


class MemoryIndex:
    """Finds every ad it was given; remembers what it was asked; its only cursor is SECOND."""

    def __init__(self, revisions: Sequence[AdRevision] = ()) -> None:
        self.revisions = tuple(revisions)
        self.asked: list[Mapping[str, object]] = []

    def search(self, search: Search, limit: int, cursor: str | None = None) -> FoundPage:
        if cursor not in (None, SECOND):
            raise SearchCursorError("The cursor is damaged. Begin without a cursor.")
        self.asked.append({"search": search, "limit": limit, "cursor": cursor})
        more = cursor is None and len(self.revisions) > limit
        return FoundPage(self.revisions[:limit], len(self.revisions), SECOND if more else None)
