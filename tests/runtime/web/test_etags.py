"""Versions as entity tags, and the conditions made of them."""

import pytest

from runtime.web.etags import demanded_versions, etag, known_versions


def test_a_version_in_quotes() -> None:
    assert etag(3) == '"3"'


@pytest.mark.parametrize(
    ("header", "demanded", "known"),
    [
        ("*", None, None),
        (' "3" ', {3}, {3}),
        ('"0", "12"', {0, 12}, {0, 12}),
        ('W/"3"', set(), {3}),
        ('"abc"', set(), set()),
        ('"007", "99999999999999999999"', set(), set()),
    ],
)
def test_conditions(header: str, demanded: set[int] | None, known: set[int] | None) -> None:
    assert demanded_versions(header) == demanded
    assert known_versions(header) == known


@pytest.mark.parametrize(
    "header", ["", "3", '"3', '3"', '"3" "4"', '"3",', "w/3", '*, "3"', '"\x00"']
)
def test_malformed_conditions(header: str) -> None:
    with pytest.raises(ValueError, match="versions in quotes"):
        demanded_versions(header)
