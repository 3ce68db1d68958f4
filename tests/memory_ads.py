"""The record of ads as a dictionary, for tests of what is around it."""

import secrets
import string
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.errors import (
    AdNotFoundError,
    KeyReusedError,
    VersionMismatchError,
    VersionNotFoundError,
)
from runtime.ads.port import PastAds
from runtime.ads.proof import AdProof
from runtime.ads.revision import Ad, AdRevision

ALPHABET = string.digits + string.ascii_letters


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MemoryAds:
    """Every revision of every ad, in memory; one thread."""

    def __init__(self) -> None:
        self.history: dict[str, list[AdRevision]] = {}
        self._keys: dict[tuple[str, str], tuple[NewAd, Ad]] = {}

    def create(self, publisher_id: str, new: NewAd, key: str | None = None) -> Ad:
        known = self._keys.get((publisher_id, key or ""))
        if key is not None and known is not None:
            if repr(known[0]) != repr(new):
                raise KeyReusedError(key)
            return known[1]
        ad_id = "".join(secrets.choice(ALPHABET) for _ in range(22))
        self._record(ad_id, {"publisherId": publisher_id, **new.fields(), "createdAt": now()})
        ad = self.read(publisher_id, ad_id)
        if key is not None:
            self._keys[publisher_id, key] = (new, ad)
        return ad

    def change(
        self,
        publisher_id: str,
        ad_id: str,
        changes: AdChanges,
        expected: Collection[int] | None = None,
    ) -> Ad:
        ad = self._expect(publisher_id, ad_id, expected)
        changed = {**ad.fields, **changes.fields()}
        if repr(changed) != repr(dict(ad.fields)):
            self._record(ad_id, changed)
        return self.read(publisher_id, ad_id)

    def delete(
        self, publisher_id: str, ad_id: str, expected: Collection[int] | None = None
    ) -> None:
        self._expect(publisher_id, ad_id, expected)
        self._record(ad_id, None)

    def read(self, publisher_id: str, ad_id: str) -> Ad:
        return self._own(publisher_id, ad_id, self.history.get(ad_id, [])[-1:])

    def versions(self, publisher_id: str, ad_id: str) -> Sequence[AdRevision]:
        self._own(publisher_id, ad_id, self.history.get(ad_id, [])[:1])
        return self.history[ad_id]

    def revisions(
        self, publisher_id: str, ad_id: str, first: int, count: int
    ) -> Sequence[AdRevision]:
        found = self.versions(publisher_id, ad_id)[first : first + count]
        if not found:
            raise AdNotFoundError(publisher_id, ad_id)
        return found

    def newest(
        self, publisher_id: str, ad_id: str, count: int, last: int | None = None
    ) -> Sequence[AdRevision]:
        known = self.versions(publisher_id, ad_id)
        behind = len(known) if last is None else last + 1
        found = known[max(behind - count, 0) : behind]
        if not found:
            raise AdNotFoundError(publisher_id, ad_id)
        return found

    def proof(self, publisher_id: str, ad_id: str, version: int) -> AdProof:
        """Not one that would verify."""
        known = self.versions(publisher_id, ad_id)
        if version >= len(known):
            raise VersionNotFoundError(publisher_id, ad_id, version)
        made_up = (bytes(32), bytes(range(32)))
        return AdProof("ads-0", "s" * 22, 7, 9, b"d" * 32, made_up, "{}", known[version])

    def at(self, publisher_id: str, ad_id: str, time: datetime) -> AdRevision:
        past = [
            revision
            for revision in self.history.get(ad_id, [])
            if datetime.fromisoformat(revision.tx_time) <= time
        ]
        self._own(publisher_id, ad_id, past[-1:])
        return past[-1]

    def all_at(
        self, publisher_id: str, time: datetime, limit: int, after: str | None = None
    ) -> PastAds:
        found: list[AdRevision] = []
        for ad_id in sorted(self.history):
            try:
                found.append(self.at(publisher_id, ad_id, time))
            except AdNotFoundError:
                continue
        rest = [revision for revision in found if after is None or revision.ad_id > after]
        page = rest[:limit]
        return PastAds(page, page[-1].ad_id if len(rest) > limit else None)

    def _own(self, publisher_id: str, ad_id: str, newest: Sequence[AdRevision]) -> Ad:
        ad = newest[0].ad() if newest else None
        if ad is None or ad.publisher_id != publisher_id:
            raise AdNotFoundError(publisher_id, ad_id)
        return ad

    def _expect(self, publisher_id: str, ad_id: str, expected: Collection[int] | None) -> Ad:
        ad = self.read(publisher_id, ad_id)
        if expected is not None and ad.version not in expected:
            raise VersionMismatchError(ad_id, ad.version, expected)
        return ad

    def _record(self, ad_id: str, fields: dict[str, Any] | None) -> None:
        revisions = self.history.setdefault(ad_id, [])
        tx_id = f"{len(revisions):022d}"
        revisions.append(AdRevision(ad_id, len(revisions), now(), tx_id, fields))
