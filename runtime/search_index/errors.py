"""Every error of the search index.

SearchIndexError
├── CursorError            a cursor this search did not hand out
├── IndexUnavailableError  throttled, unreachable, timed out, not permitted: may succeed later
└── IndexRefusedError      OpenSearch will never accept the request
"""


class SearchIndexError(Exception):
    """Anything that keeps ads from being indexed or found."""


class CursorError(SearchIndexError):
    """The cursor is not one that this search handed out."""


class IndexUnavailableError(SearchIndexError):
    """OpenSearch did not do what was asked, for a reason outside of the request."""


class IndexRefusedError(SearchIndexError):
    """OpenSearch refuses the request itself; sending it again will not help."""
