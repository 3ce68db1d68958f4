"""Entity tags: an ad's version in quotes, and the conditions clients make of them (RFC 9110)."""

import re

ANY = "*"
ETAG = {"ETag": "The ad's version in quotes, for If-Match and If-None-Match."}
"""The header, for a description of an answer."""
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSION = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


def etag(version: int) -> str:
    """The entity tag of an ad at this version."""
    return f'"{version}"'


def demanded_versions(header: str) -> frozenset[int] | None:
    """The versions that If-Match lets pass, None for any; ValueError when malformed.

    Weak tags and tags that are no version match nothing, as the comparison has to be strong.
    """
    return _versions(header, weak=False)


def known_versions(header: str) -> frozenset[int] | None:
    """The versions that If-None-Match names, None for any; ValueError when malformed."""
    return _versions(header, weak=True)


def _versions(header: str, *, weak: bool) -> frozenset[int] | None:
    if header.strip() == ANY:
        return None
    tags = [_TAG.fullmatch(part.strip()) for part in header.split(",")]
    if None in tags:
        raise ValueError('must be "*" or versions in quotes, such as "3"')
    found = [(match[1], match[2]) for match in tags if match is not None]
    return frozenset(
        int(text) for prefix, text in found if (weak or not prefix) and _VERSION.fullmatch(text)
    )
