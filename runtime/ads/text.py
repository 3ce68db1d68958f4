"""Texts of an ad: what may stand in a line and in a description.

The patterns say the same as the checks, in the form that a published schema needs.
"""

import unicodedata
from collections.abc import Sequence

CONTROL = r"\u0000-\u001f\u007f-\u009f"
LINE_PATTERN = rf"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$"
"""At least one visible character, no control characters."""
BODY_PATTERN = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
"""Line feeds and tabs are the only control characters."""
BODY_CONTROLS = frozenset("\n\t")


def line(text: str) -> str:
    """The text itself when it can be a title, a category or a tag; ValueError otherwise."""
    _refuse_controls(text, frozenset())
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def body(text: str) -> str:
    """The text itself when it can be a description; ValueError otherwise."""
    return _refuse_controls(text, BODY_CONTROLS)


def unique(texts: Sequence[str]) -> Sequence[str]:
    """The texts themselves when no one comes twice; ValueError otherwise."""
    twice = sorted({text for text in texts if texts.count(text) > 1})
    if twice:
        raise ValueError(f"must not name {', '.join(map(repr, twice))} twice")
    return texts


def _refuse_controls(text: str, allowed: frozenset[str]) -> str:
    found = {c for c in text if unicodedata.category(c) == "Cc"} - allowed
    if found:
        names = ", ".join(f"U+{ord(c):04X}" for c in sorted(found))
        raise ValueError(f"must not contain the control characters {names}")
    return text
