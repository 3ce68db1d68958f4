"""What readers can look for."""

from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Protocol

from aws_lambda_powertools.event_handler import Response
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from runtime.ads.ad import Category, Tag
from runtime.ads.faults import Fault
from runtime.ads.text import BODY_PATTERN, body
from runtime.search_index.errors import CursorError, IndexRefusedError, IndexUnavailableError
from runtime.search_index.index import Page
from runtime.search_index.query import Search
from runtime.web.ad_bodies import FoundBody, ad_body
from runtime.web.api import Api, answer
from runtime.web.inputs import PAGE_ITEMS, Limit, PackedCursor, PriceText, TextInput
from runtime.web.operation import Answer
from runtime.web.problem import INVALID, UNAVAILABLE, ProblemError

TITLE = "Search for ads"
WORDS_CHARACTERS_MAX = 500

Words = Annotated[
    str,
    Field(
        max_length=WORDS_CHARACTERS_MAX,
        description="Words of titles, descriptions, categories and tags; without them, every ad.",
        json_schema_extra={"pattern": BODY_PATTERN},
    ),
    AfterValidator(body),
]


class Index(Protocol):
    """Every ad, searchable, a moment behind the ledger."""

    def search(self, search: Search, limit: int, cursor: str | None = None) -> Page:
        """A page of what matches, best first; CursorError for a cursor of another search."""
        ...


class SearchQuery(TextInput):
    """What to look for, and which part of it to show."""

    q: Words | None = None
    category: Category | None = None
    tag: Tag | None = None
    min_price: PriceText | None = None
    max_price: PriceText | None = None
    limit: Limit = PAGE_ITEMS
    cursor: PackedCursor | None = None

    @field_validator("max_price")
    @classmethod
    def _not_below_minimum(cls, bound: Decimal | None, info: ValidationInfo) -> Decimal | None:
        least = info.data.get("min_price")
        if bound is not None and least is not None and bound < least:
            raise ValueError("must not be below minPrice")
        return bound

    def search(self) -> Search:
        """What to look for, as the index takes it."""
        return Search(self.q, self.category, self.tag, self.min_price, self.max_price)


def routes(index: Callable[[], Index]) -> Api:
    """The search, done on what `index` gives at the first of them."""
    api = Api({IndexRefusedError: INVALID, IndexUnavailableError: UNAVAILABLE})

    @api.route(
        "GET",
        "/",
        summary="Find ads, best match first",
        answers={HTTPStatus.OK: Answer("A page of what was found", FoundBody)},
    )
    def search_ads(query: SearchQuery) -> Response[str]:
        try:
            page = index().search(query.search(), query.limit, query.cursor)
        except CursorError as error:
            raise ProblemError(INVALID, str(error), [Fault("cursor", str(error))]) from error
        found = [ad_body(ad) for revision in page.revisions if (ad := revision.ad()) is not None]
        return answer(HTTPStatus.OK, {"items": found, "total": page.total, "next": page.next})

    api.describe(TITLE)
    return api
