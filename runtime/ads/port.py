"""The port to wherever ads are recorded."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.proof import AdProof
from runtime.ads.revision import Ad, AdRevision


@dataclass(frozen=True, slots=True)
class PastAds:
    """Some of the ads that a publisher had at a time, by id."""

    revisions: Sequence[AdRevision]
    """Perhaps fewer than were asked for, even none, though there are more."""
    next: str | None
    """The ad to go on behind; None at the end."""


class Ads(Protocol):
    """The record of every ad and of everything that happened to it.

    An ad that is unknown, deleted or another publisher's is AdNotFoundError everywhere, except that
    `versions` still tells its publisher about a deleted one.
    """

    def create(self, publisher_id: str, new: NewAd, key: str | None = None) -> Ad:
        """Record a new ad; the first answer again when this publisher's key came with it before.

        Raises KeyReusedError when the key came with another ad, ConflictError.
        """
        ...

    def change(
        self,
        publisher_id: str,
        ad_id: str,
        changes: AdChanges,
        expected: Collection[int] | None = None,
    ) -> Ad:
        """The ad with its new values; the ad as it is when they are its values already.

        Raises VersionMismatchError unless its version is one of those expected (None: any),
        ConflictError.
        """
        ...

    def delete(
        self, publisher_id: str, ad_id: str, expected: Collection[int] | None = None
    ) -> None:
        """End the ad. Raises VersionMismatchError and ConflictError as `change` does."""
        ...

    def read(self, publisher_id: str, ad_id: str) -> Ad:
        """The ad with every change that was acknowledged before."""
        ...

    def versions(self, publisher_id: str, ad_id: str) -> Sequence[AdRevision]:
        """Everything that happened to the ad, oldest first."""
        ...

    def revisions(
        self, publisher_id: str, ad_id: str, first: int, count: int
    ) -> Sequence[AdRevision]:
        """Versions first..first+count-1 of the ad, those that there are; nothing else is read.

        AdNotFoundError where there is none of them.
        """
        ...

    def newest(
        self, publisher_id: str, ad_id: str, count: int, last: int | None = None
    ) -> Sequence[AdRevision]:
        """The `count` versions up to `last` (None: the newest), oldest first; nothing else is read.

        Fewer at the ad's beginning; AdNotFoundError where there is none.
        """
        ...

    def proof(self, publisher_id: str, ad_id: str, version: int) -> AdProof:
        """What proves a version, a deletion included; VersionNotFoundError where there is none."""
        ...

    def at(self, publisher_id: str, ad_id: str, time: datetime) -> AdRevision:
        """The ad as it was at a time; AdNotFoundError before its creation and after its end."""
        ...

    def all_at(
        self, publisher_id: str, time: datetime, limit: int, after: str | None = None
    ) -> PastAds:
        """The ads that a publisher had at a time, each as `at` has it, at most `limit` of them.

        By id, from the first behind `after` on. Raises NotIndexedError.
        """
        ...
