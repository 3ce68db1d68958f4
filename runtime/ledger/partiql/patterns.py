"""LIKE patterns."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

patterns_cached_max = 256


@lru_cache(maxsize=patterns_cached_max)
def like_matcher(pattern: str, escape: str | None = None) -> Callable[[str], bool]:
    """Whether a text matches a pattern, in time proportional to text times pattern.

    ValueError when the escape is not one character or escapes neither `%`, `_` nor itself.
    """
    if escape is not None and len(escape) != 1:
        raise ValueError("the escape of LIKE is one character")
    pieces = list(_pieces(pattern, escape))
    if len(pieces) == 1:
        whole = re.compile(pieces[0], re.DOTALL)
        return lambda text: whole.fullmatch(text) is not None
    first, *middle = [re.compile(piece, re.DOTALL) for piece in pieces[:-1]]
    last = re.compile(rf"(?:{pieces[-1]})\Z", re.DOTALL)

    def matches(text: str) -> bool:
        found = first.match(text)
        for piece in middle:
            if found is None:
                return False
            found = piece.search(text, found.end())
        return found is not None and last.search(text, found.end()) is not None

    return matches


def _pieces(pattern: str, escape: str | None) -> Iterator[str]:
    """The expressions between the `%` of a pattern, each of a fixed length."""
    piece, characters = "", iter(pattern)
    for character in characters:
        if character == escape:
            character = next(characters, "")  # noqa: PLW2901
            if character not in ("%", "_", escape):
                raise ValueError(f"the escape {escape!r} of LIKE stands before %, _ or itself")
            piece += re.escape(character)
        elif character == "%":
            yield piece
            piece = ""
        else:
            piece += "." if character == "_" else re.escape(character)
    yield piece
