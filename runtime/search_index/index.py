"""The index on OpenSearch: created when missing, written by external version, searched."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from opensearchpy.exceptions import (
    ConnectionError as OpenSearchConnectionError,
)
from opensearchpy.exceptions import (
    NotFoundError,
    OpenSearchException,
    RequestError,
)

from runtime.ads.revision import AdRevision
from runtime.search_index.bulk import Effect, Outcome, Request, outcomes, requests
from runtime.search_index.documents import revision
from runtime.search_index.errors import IndexRefusedError, IndexUnavailableError
from runtime.search_index.query import PageRequest, Search
from runtime.search_index.schema import index_body, index_name

TIMEOUT_S = 10
RETRIES_MAX = 2
CONNECTIONS_MAX = 4
IDS_MAX = 500
"""Ads whose versions are asked for at once."""
SIGNED_SERVICE = "es"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of what was found, how much there is in all, and where it goes on; None at its end."""

    revisions: tuple[AdRevision, ...]
    total: int
    next: str | None


class AdIndex:
    """Every ad's newest revision, searchable. Methods raise SearchIndexError."""

    def __init__(self, client: OpenSearch, alias: str) -> None:
        self._client = client
        self._alias = alias

    def ensure(self) -> None:
        """Create the index and its alias where they are missing; any number of callers may.

        Nothing where the alias stands for some index, such as one that was made anew.
        """
        with wrapped(f"create index {index_name(self._alias)}"):
            if self._client.indices.exists_alias(name=self._alias):
                return
            try:
                self._client.indices.create(
                    index=index_name(self._alias), body=index_body(self._alias)
                )
            except RequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise
                self._client.indices.put_alias(index=index_name(self._alias), name=self._alias)

    def bulk(self, revisions: Iterable[AdRevision]) -> list[Outcome]:
        """Index each revision unless the index has it or a newer one; one outcome each, in order.

        Repetitions and late revisions are superseded, also those of a deleted ad: its tombstone
        keeps the version. A missing index is created. Never raises for what OpenSearch does.
        """
        return [one for request in requests(self._alias, revisions) for one in self._send(request)]

    def search(self, search: Search, limit: int, cursor: str | None = None) -> Page:
        """The ads that match, best first, `limit` (1..100) of them; raises CursorError.

        An index that is not there yet holds nothing.
        """
        request = PageRequest.page(search, limit, cursor)
        with wrapped("search ads"):
            try:
                found = self._client.search(index=self._alias, body=request.body())["hits"]
            except NotFoundError:
                return Page((), 0, None)
        hits = found["hits"]
        return Page(
            tuple(revision(hit["_source"]) for hit in hits[: request.limit]),
            found["total"]["value"],
            request.next_cursor(hits),
        )

    def versions(self, ad_ids: Sequence[str]) -> dict[str, int]:
        """The version that searches have of each ad that is there, tombstones included."""
        found: dict[str, int] = {}
        for at in range(0, len(ad_ids), IDS_MAX):
            ids = list(ad_ids[at : at + IDS_MAX])
            body = {"query": {"ids": {"values": ids}}, "_source": ["version"], "size": len(ids)}
            with wrapped(f"look for {len(ad_ids)} ads"):
                try:
                    hits = self._client.search(index=self._alias, body=body)["hits"]["hits"]
                except NotFoundError:
                    return {}
            found |= {hit["_id"]: hit["_source"]["version"] for hit in hits}
        return found

    def _send(self, request: Request) -> list[Outcome]:
        first = self._attempt(request)
        if all(one.effect is not Effect.NO_INDEX for one in first):
            return first
        try:
            self.ensure()
        except (IndexUnavailableError, IndexRefusedError) as error:
            return [Outcome(one.revision, Effect.UNAVAILABLE, str(error)) for one in first]
        return self._attempt(request)

    def _attempt(self, request: Request) -> list[Outcome]:
        try:
            with wrapped(f"index {len(request.revisions)} ads"):
                # Else OpenSearch makes up an index of that name, with a guessed mapping.
                answer = self._client.bulk(body=request.body, params={"require_alias": "true"})
        except IndexUnavailableError as error:
            effect, reason = Effect.UNAVAILABLE, str(error)
        except IndexRefusedError as error:
            effect, reason = Effect.REFUSED, str(error)
        else:
            return outcomes(request.revisions, answer)
        return [Outcome(one, effect, reason) for one in request.revisions]


def open_index(endpoint: str, alias: str) -> AdIndex:
    """The index at an endpoint (URL with scheme), requests signed with the function's own role.

    TLS is verified wherever the scheme is https.
    """
    return AdIndex(open_client(endpoint), alias)


def open_client(endpoint: str) -> OpenSearch:
    """A client of an endpoint, as `open_index` uses it."""
    session = boto3.Session()
    credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        raise IndexUnavailableError(
            f"no AWS credentials or no region to sign requests to {endpoint} with: "
            "give the function a role, or set AWS_REGION and credentials"
        )
    secure = urlsplit(endpoint).scheme == "https"
    return OpenSearch(
        hosts=[endpoint],
        http_auth=Urllib3AWSV4SignerAuth(credentials, session.region_name, SIGNED_SERVICE),
        use_ssl=secure,
        verify_certs=True,
        connection_class=Urllib3HttpConnection,
        timeout=TIMEOUT_S,
        max_retries=RETRIES_MAX,
        pool_maxsize=CONNECTIONS_MAX,
    )


@contextmanager
def wrapped(what: str) -> Generator[None]:
    """The one place where opensearch-py's errors become ours."""
    try:
        yield
    except OpenSearchConnectionError as error:
        raise IndexUnavailableError(f"cannot {what}: OpenSearch is not reached: {error}") from error
    except RequestError as error:
        raise IndexRefusedError(f"cannot {what}, OpenSearch refuses it: {error}") from error
    except OpenSearchException as error:
        raise IndexUnavailableError(f"cannot {what} now: {error}") from error
