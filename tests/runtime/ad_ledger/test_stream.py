"""That projections see of every ad exactly what its history says."""

from decimal import Decimal

from runtime.ads.ad import NewAd
from runtime.ads.revision import AdRevision
from runtime.journal.aggregation import aggregate
from runtime.journal.records import block_records
from runtime.journal.revisions import decode
from runtime.ledger.verify import verify_blocks
from runtime.state import items
from runtime.web.ad_bodies import version_body
from runtime.web.exact_json import dumps
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.stores import ledger_over
from tests.runtime.ad_ledger.test_contract import AD, NEW, changes

STREAM_ARN = "arn:aws:qldb:eu-west-1:123456789012:stream/ads/0ZzKdqEKvBq8v4sLwCyGpM"


def streamed(storage: MemoryStorage) -> list[AdRevision]:
    records = [
        record.data
        for block in storage.blocks(0)
        for record in block_records(block.ion, STREAM_ARN)
    ]
    return [found for data, _ in aggregate("lane-00", records) for found in decode(data)]


def test_the_stream_tells_what_the_history_tells() -> None:
    storage = MemoryStorage()
    ads = ledger_over(storage)
    long = NewAd.of({**AD, "adDescription": "🚲" * 10_000, "price": Decimal("1E-8")})
    kept, ended = ads.create("p", NEW, "key"), ads.create("q", long)
    ads.change("p", kept.ad_id, changes(price=Decimal("12345678901234.123456"), tags=[]))
    ads.delete("q", ended.ad_id)
    told = [*ads.versions("p", kept.ad_id), *ads.versions("q", ended.ad_id)]
    seen = sorted(streamed(storage), key=lambda r: (r.ad_id == ended.ad_id, r.version))
    assert [dumps(version_body(r)) for r in seen] == [dumps(version_body(r)) for r in told]
    stored = [items.revision(items.item(revision)) for revision in seen]
    assert [dumps(version_body(r)) for r in stored] == [dumps(version_body(r)) for r in told]


def test_the_journal_of_ads_verifies() -> None:
    storage = MemoryStorage()
    ads = ledger_over(storage)
    for _ in range(3):
        ad = ads.create("p", NEW, "key")
        ads.change("p", ad.ad_id, changes(price=Decimal(1)))
    verify_blocks(block.ion for block in storage.blocks(0))
