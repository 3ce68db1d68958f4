"""Revisions as ads."""

from runtime.ads.revision import AdRevision

FIELDS = {"publisherId": "p", "adTitle": "t"}


def test_a_revision_with_fields_is_an_ad() -> None:
    revision = AdRevision("a", 3, "2026-01-01T00:00:00.000Z", "t", FIELDS)
    ad = revision.ad()
    assert ad is not None
    assert (ad.ad_id, ad.version, ad.publisher_id) == ("a", 3, "p")
    assert not revision.deleted


def test_a_deletion_is_none() -> None:
    revision = AdRevision("a", 3, "2026-01-01T00:00:00.000Z", "t", None)
    assert revision.deleted
    assert revision.ad() is None
