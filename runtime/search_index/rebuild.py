"""A search index made anew beside the one in use, and put in its place by the alias.

    fill      the new index alone, by its own name; searches and the projector use the old one
    divert    the alias writes to the new index and still searches the old: whatever is projected
              from now on is in the new one, and what was committed before can be read and added
    swap      the alias searches the new index, in the same step no longer the old; then that goes

Writes carry external versions, so it does not matter in which order or how often they come. Every
step may be repeated; between divert and swap searches are as late as that takes.
"""

from collections.abc import Iterable
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from runtime.ads.revision import AdRevision
from runtime.search_index.bulk import Effect, Outcome, Request, outcomes, requests
from runtime.search_index.errors import IndexRefusedError, IndexUnavailableError
from runtime.search_index.index import wrapped
from runtime.search_index.schema import index_body, index_name

_NOTHING: dict[str, Any] = {"match_none": {}}


class IndexRebuild:
    """One new index for an alias. Methods raise SearchIndexError."""

    def __init__(self, client: OpenSearch, alias: str, name: str) -> None:
        """`name` makes the index's name unlike any other's: lower case letters, digits, dashes."""
        self._client = client
        self._alias = alias
        self.index = rebuilt_name(alias, name)

    def create(self) -> bool:
        """Make the index, without the alias; False where it is there already.

        What earlier rebuilds left behind is removed: there is only one rebuild at a time.
        """
        self._clear()
        body = index_body(self._alias)
        del body["aliases"]
        with wrapped(f"create index {self.index}"):
            try:
                self._client.indices.create(index=self.index, body=body)
            except RequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise
                return False
        return True

    def bulk(self, revisions: Iterable[AdRevision]) -> list[Outcome]:
        """Index each revision unless the index has it or a newer one; one outcome each, in order.

        Never raises for what OpenSearch does.
        """
        return [one for request in requests(self.index, revisions) for one in self._send(request)]

    def divert(self) -> None:
        """Let the alias write here, and search what it did; nothing where it searches here."""
        old = self._aliased()
        if self.index in old and "filter" not in old[self.index]:
            return
        reading = [self._add(name, writes=False) for name in old if name != self.index]
        hidden: dict[str, Any] = {"filter": _NOTHING} if reading else {}
        self._change([*reading, self._add(self.index, writes=True, **hidden)])

    def swap(self) -> None:
        """Let the alias stand for this index alone, and remove those it stood for."""
        with wrapped(f"refresh index {self.index}"):
            self._client.indices.refresh(index=self.index)
        old = [name for name in self._aliased() if name != self.index]
        leave = [{"remove": {"index": name, "alias": self._alias}} for name in old]
        self._change([*leave, self._add(self.index, writes=True)])
        for name in old:
            self._delete(name)

    def drop(self) -> None:
        """Remove the index; nothing where it is not there, or the alias stands for it."""
        if self.index not in self._aliased():
            self._delete(self.index)

    def _clear(self) -> None:
        pattern = rebuilt_name(self._alias, "*")
        with wrapped(f"look for indexes {pattern}"):
            found = self._client.indices.get_alias(index=pattern)
        for name, one in found.items():
            if not one["aliases"] and name != self.index:
                self._delete(name)

    def _aliased(self) -> dict[str, Any]:
        """The alias's settings in each index that it stands for."""
        with wrapped(f"read alias {self._alias}"):
            try:
                found = self._client.indices.get_alias(name=self._alias)
            except NotFoundError:
                return {}
        return {name: one["aliases"][self._alias] for name, one in found.items()}

    def _add(self, index: str, *, writes: bool, **more: Any) -> dict[str, Any]:
        return {"add": {"index": index, "alias": self._alias, "is_write_index": writes, **more}}

    def _change(self, actions: list[dict[str, Any]]) -> None:
        with wrapped(f"change alias {self._alias}"):
            self._client.indices.update_aliases(body={"actions": actions})

    def _delete(self, index: str) -> None:
        with wrapped(f"delete index {index}"):
            self._client.indices.delete(index=index, params={"ignore_unavailable": "true"})

    def _send(self, request: Request) -> list[Outcome]:
        try:
            with wrapped(f"index {len(request.revisions)} ads in {self.index}"):
                answer = self._client.bulk(body=request.body)
        except IndexUnavailableError as error:
            effect, reason = Effect.UNAVAILABLE, str(error)
        except IndexRefusedError as error:
            effect, reason = Effect.REFUSED, str(error)
        else:
            return outcomes(request.revisions, answer)
        return [Outcome(one, effect, reason) for one in request.revisions]


def rebuilt_name(alias: str, name: str) -> str:
    """The name of an index that is made anew."""
    return f"{index_name(alias)}-{name}"
