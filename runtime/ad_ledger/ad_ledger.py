"""The record of ads: each command is one transaction of the ledger that the ad's id belongs to."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from runtime.ad_ledger.documents import (
    document,
    fields_of,
    fingerprint,
    new_fields,
    revision_of,
    time_text,
)
from runtime.ad_ledger.past import page_at, revision_at
from runtime.ad_ledger.proofs import prove
from runtime.ad_ledger.shard import Shard, Statements
from runtime.ads.ad import AdChanges, NewAd, is_ad_id
from runtime.ads.errors import (
    AdNotFoundError,
    KeyReusedError,
    VersionMismatchError,
    VersionNotFoundError,
)
from runtime.ads.port import PastAds
from runtime.ads.proof import AdProof
from runtime.ads.revision import Ad, AdRevision
from runtime.ads.shards import shard_of
from runtime.ledger.ion import timestamp

INSERT_AD = "INSERT INTO Ads ?"
INSERT_KEY = "INSERT INTO IdempotencyKeys ?"
SELECT_KEY = 'SELECT * FROM IdempotencyKeys AS k WHERE k."key" = ?'
SELECT_AD = "SELECT * FROM _ql_committed_Ads AS r WHERE r.metadata.id = ?"
SELECT_HISTORY = "SELECT * FROM history(Ads) AS h WHERE h.metadata.id = ?"
DELETE_AD = "DELETE FROM Ads AS a BY id WHERE id = ?"


@cache
def update_statement(names: tuple[str, ...]) -> str:
    """The statement that sets these fields of one ad."""
    settings = ", ".join(f"a.{name} = ?" for name in names)
    return f"UPDATE Ads AS a BY id SET {settings} WHERE id = ?"  # noqa: S608 - names of NewAd only.


class AdLedger:
    """Ads over any number of ledgers, found by id; threads may share it.

    Round trips to storage of a warm worker, at most: creation 2, with a key 4; change and deletion
    4; reads 2.
    """

    def __init__(
        self, shards: Sequence[Shard], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._shards = shards
        self._now = now

    def create(self, publisher_id: str, new: NewAd, key: str | None = None) -> Ad:
        """Record a new ad; the first answer again when this publisher's key came with it before."""
        fields = new_fields(publisher_id, new, self._now())
        if key is not None:
            return self._create_once(key, fields, fingerprint(new))
        shard = self._shards[secrets.randbelow(len(self._shards))]
        ad_id = shard.run("the ledger", lambda transaction: _insert(transaction, fields))
        return Ad(ad_id, 0, fields)

    def change(
        self,
        publisher_id: str,
        ad_id: str,
        changes: AdChanges,
        expected: Collection[int] | None = None,
    ) -> Ad:
        """The ad with its new values; nothing is recorded when it has them already."""

        def work(transaction: Statements) -> Ad:
            ad = _expect(transaction, publisher_id, ad_id, expected)
            news = _differences(ad.fields, changes.fields())
            if not news:
                return ad
            statement = update_statement(tuple(news))
            transaction.execute_statement(statement, *news.values(), ad_id)
            return Ad(ad_id, ad.version + 1, {**ad.fields, **news})

        return self._shard(publisher_id, ad_id).run(f"Ad {ad_id}", work)

    def delete(
        self, publisher_id: str, ad_id: str, expected: Collection[int] | None = None
    ) -> None:
        """End the ad."""

        def work(transaction: Statements) -> None:
            _expect(transaction, publisher_id, ad_id, expected)
            transaction.execute_statement(DELETE_AD, ad_id)

        self._shard(publisher_id, ad_id).run(f"Ad {ad_id}", work)

    def read(self, publisher_id: str, ad_id: str) -> Ad:
        """The ad with every change that was acknowledged before."""
        return self._shard(publisher_id, ad_id).run(
            f"Ad {ad_id}", lambda transaction: _current(transaction, publisher_id, ad_id)
        )

    def versions(self, publisher_id: str, ad_id: str) -> Sequence[AdRevision]:
        """Everything that happened to the ad, oldest first."""

        def work(transaction: Statements) -> list[AdRevision]:
            return [
                revision_of(row) for row in transaction.execute_statement(SELECT_HISTORY, ad_id)
            ]

        found = self._shard(publisher_id, ad_id).run(f"Ad {ad_id}", work)
        revisions = sorted(found, key=lambda revision: revision.version)
        _own(publisher_id, ad_id, revisions[:1])
        return revisions

    def revisions(
        self, publisher_id: str, ad_id: str, first: int, count: int
    ) -> Sequence[AdRevision]:
        """Versions first..first+count-1 of the ad, those that there are; nothing else is read."""
        rows = self._owned(publisher_id, ad_id, first, count)
        if not rows:
            raise AdNotFoundError(publisher_id, ad_id)
        return [revision_of(row) for row in rows]

    def newest(
        self, publisher_id: str, ad_id: str, count: int, last: int | None = None
    ) -> Sequence[AdRevision]:
        """The `count` versions up to `last` (None: the newest), oldest first; nothing else is read.

        One round trip more where the newest has to be found.
        """
        if last is None:
            found = self._shard(publisher_id, ad_id).version(ad_id)
            last = -1 if found is None else found.version
        first = max(last + 1 - count, 0)
        return self.revisions(publisher_id, ad_id, first, last + 1 - first)

    def proof(self, publisher_id: str, ad_id: str, version: int) -> AdProof:
        """What proves a version against the ledger's digest as it is now."""
        rows = self._owned(publisher_id, ad_id, version, 1)
        if not rows:
            raise VersionNotFoundError(publisher_id, ad_id, version)
        shard = self._shard(publisher_id, ad_id)
        with shard.reading():
            return prove(shard.ledger, rows[0])

    def at(self, publisher_id: str, ad_id: str, time: datetime) -> AdRevision:
        """The ad as it was at a time; AdNotFoundError before its creation and after its end."""
        revision = revision_at(self._shard(publisher_id, ad_id), ad_id, time_text(time))
        if revision is None:
            raise AdNotFoundError(publisher_id, ad_id)
        _own(publisher_id, ad_id, [revision])
        return revision

    def all_at(
        self, publisher_id: str, time: datetime, limit: int, after: str | None = None
    ) -> PastAds:
        """The ads that a publisher had at a time, by id, from the first behind `after` on."""
        return page_at(self._shards, publisher_id, time_text(time), limit, after)

    def close(self) -> None:
        """End all sessions."""
        for shard in self._shards:
            shard.close()

    def _create_once(self, key: str, fields: Mapping[str, Any], print_: str) -> Ad:
        # No publisher's id has a line feed, so no two publishers share a key.
        scoped = f"{fields['publisherId']}\n{key}"

        def work(transaction: Statements) -> tuple[str, str, str]:
            for known in transaction.execute_statement(SELECT_KEY, scoped):
                first = time_text(known["createdAt"])
                return str(known["adId"]), first, str(known["fingerprint"])
            ad_id = _insert(transaction, fields)
            record = {
                "key": scoped,
                "publisherId": fields["publisherId"],
                "fingerprint": print_,
                "adId": ad_id,
                "createdAt": timestamp(datetime.fromisoformat(fields["createdAt"])),
            }
            transaction.execute_statement(INSERT_KEY, record)
            return ad_id, fields["createdAt"], print_

        shard = self._shards[shard_of(scoped, len(self._shards))]
        ad_id, created_at, first_print = shard.run(f"Idempotency-Key {key}", work)
        if first_print != print_:
            raise KeyReusedError(key)
        return Ad(ad_id, 0, {**fields, "createdAt": created_at})

    def _owned(self, publisher_id: str, ad_id: str, first: int, count: int) -> Sequence[Any]:
        """Versions of this publisher's ad; AdNotFoundError for an ad of somebody else.

        Who owns an ad never changes, and a deletion does not say it: version 0 does.
        """
        shard = self._shard(publisher_id, ad_id)
        rows = shard.history(ad_id, first, count)
        origin = rows[:1] if first == 0 else shard.history(ad_id, 0, 1)
        _own(publisher_id, ad_id, [revision_of(row) for row in origin])
        return rows

    def _shard(self, publisher_id: str, ad_id: str) -> Shard:
        if not is_ad_id(ad_id):
            raise AdNotFoundError(publisher_id, ad_id)
        return self._shards[shard_of(ad_id, len(self._shards))]


def _insert(transaction: Statements, fields: Mapping[str, Any]) -> str:
    [row] = transaction.execute_statement(INSERT_AD, document(fields))
    return str(row["documentId"])


def _current(transaction: Statements, publisher_id: str, ad_id: str) -> Ad:
    rows = transaction.execute_statement(SELECT_AD, ad_id)
    ads = [Ad(ad_id, int(r["metadata"]["version"]), fields_of(r["data"])) for r in rows]
    if not ads or ads[0].publisher_id != publisher_id:
        raise AdNotFoundError(publisher_id, ad_id)
    return ads[0]


def _expect(
    transaction: Statements, publisher_id: str, ad_id: str, expected: Collection[int] | None
) -> Ad:
    ad = _current(transaction, publisher_id, ad_id)
    if expected is not None and ad.version not in expected:
        raise VersionMismatchError(ad_id, ad.version, expected)
    return ad


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What is not the same already; 1.0 and 1.00 are different prices."""
    return {name: value for name, value in new.items() if repr(value) != repr(old[name])}


def _own(publisher_id: str, ad_id: str, revisions: Sequence[AdRevision]) -> None:
    ad = revisions[0].ad() if revisions else None
    if ad is None or ad.publisher_id != publisher_id:
        raise AdNotFoundError(publisher_id, ad_id)
