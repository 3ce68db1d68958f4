"""An index made anew beside the one in use: nothing is missed, nothing goes back, nothing stays."""

from dataclasses import replace

import pytest
from opensearchpy import OpenSearch

from runtime.ads.revision import AdRevision
from runtime.search_index.bulk import Effect
from runtime.search_index.errors import IndexUnavailableError
from runtime.search_index.index import AdIndex
from runtime.search_index.query import Search
from runtime.search_index.rebuild import IndexRebuild
from tests.journal_blocks import ad_id_of, ad_revision
from tests.opensearch import alias, opensearch, opensearch_client

__all__ = ["alias", "opensearch", "opensearch_client"]


def ads(*numbers: int, version: int = 0) -> list[AdRevision]:
    return [ad_revision(ad_id_of(number), version) for number in numbers]


class Bench:
    """The index in use, its projector's view of it, and one made anew."""

    def __init__(self, client: OpenSearch, alias: str) -> None:
        self.client, self.alias = client, alias
        self.live = AdIndex(client, alias)
        self.live.ensure()
        self.rebuild = IndexRebuild(client, alias, "20260102t030405-00000001")

    def found(self) -> dict[str, int]:
        self.client.indices.refresh(index=f"{self.alias}-*")
        return {one.ad_id: one.version for one in self.live.search(Search(), 100).revisions}

    def indexes(self) -> set[str]:
        return set(self.client.indices.get_alias(index=f"{self.alias}-*"))


@pytest.fixture
def bench(opensearch_client: OpenSearch, alias: str) -> Bench:
    return Bench(opensearch_client, alias)


def test_searches_see_the_old_index_until_the_new_one_is_level(bench: Bench) -> None:
    bench.live.bulk(ads(1, 2))
    assert bench.rebuild.create()
    assert not bench.rebuild.create()
    bench.rebuild.bulk(ads(1))
    assert bench.found() == {ad_id_of(1): 0, ad_id_of(2): 0}
    bench.live.bulk(ads(2, version=1))

    bench.rebuild.divert()
    outcomes = bench.live.bulk(ads(3))
    assert [one.effect for one in outcomes] == [Effect.INDEXED]
    assert bench.found() == {ad_id_of(1): 0, ad_id_of(2): 1}, "searches still see the old index"
    bench.rebuild.divert()

    bench.rebuild.bulk([*ads(2, version=1), *ads(2)])
    bench.rebuild.swap()
    assert bench.found() == {ad_id_of(1): 0, ad_id_of(2): 1, ad_id_of(3): 0}
    assert bench.indexes() == {bench.rebuild.index}
    bench.live.bulk(ads(4))
    assert len(bench.found()) == 4


def test_every_step_may_be_repeated(bench: Bench) -> None:
    bench.live.bulk(ads(1, 2))
    bench.rebuild.create()
    bench.rebuild.bulk(ads(1, 2, 3))
    for _ in range(2):
        bench.rebuild.divert()
        bench.rebuild.divert()
        bench.rebuild.swap()
        bench.rebuild.swap()
        assert len(bench.found()) == 3
        assert bench.indexes() == {bench.rebuild.index}


def test_a_late_write_does_not_put_the_new_index_back(bench: Bench) -> None:
    bench.rebuild.create()
    bench.rebuild.divert()
    bench.live.bulk(ads(1, version=5))
    assert [one.effect for one in bench.rebuild.bulk(ads(1))] == [Effect.SUPERSEDED]
    bench.rebuild.swap()
    assert bench.found() == {ad_id_of(1): 5}


def test_an_index_that_was_lost_altogether_is_replaced(bench: Bench) -> None:
    bench.client.indices.delete(index=f"{bench.alias}-v1")
    bench.rebuild.create()
    bench.rebuild.bulk(ads(1))
    bench.rebuild.divert()
    assert bench.found() == {ad_id_of(1): 0}
    # The projector found no index and made one at the same time.
    bench.client.indices.create(index=f"{bench.alias}-v1")
    bench.client.indices.put_alias(index=f"{bench.alias}-v1", name=bench.alias)
    bench.live.bulk(ads(2))
    bench.rebuild.swap()
    assert bench.found() == {ad_id_of(1): 0, ad_id_of(2): 0}
    assert bench.indexes() == {bench.rebuild.index}


def test_one_that_is_given_up_is_removed_unless_it_is_in_use(bench: Bench) -> None:
    bench.live.bulk(ads(1))
    bench.rebuild.create()
    bench.rebuild.drop()
    bench.rebuild.drop()
    assert bench.indexes() == {f"{bench.alias}-v1"}
    bench.rebuild.create()
    bench.rebuild.bulk(ads(1))
    bench.rebuild.divert()
    bench.rebuild.swap()
    bench.rebuild.drop()
    assert bench.indexes() == {bench.rebuild.index}


def test_what_earlier_ones_left_behind_goes(bench: Bench) -> None:
    IndexRebuild(bench.client, bench.alias, "20250101t000000-00000000").create()
    bench.rebuild.create()
    assert bench.indexes() == {f"{bench.alias}-v1", bench.rebuild.index}


def test_a_later_start_of_the_projector_leaves_the_new_index_alone(bench: Bench) -> None:
    bench.rebuild.create()
    bench.rebuild.divert()
    bench.rebuild.swap()
    bench.live.ensure()
    assert bench.indexes() == {bench.rebuild.index}


def test_an_engine_that_is_away_is_told(alias: str) -> None:
    away = OpenSearch(hosts=["http://127.0.0.1:1"], max_retries=0)
    rebuild = IndexRebuild(away, alias, "x")
    assert [one.effect for one in rebuild.bulk(ads(1))] == [Effect.UNAVAILABLE]
    for step in (rebuild.create, rebuild.divert, rebuild.swap, rebuild.drop):
        with pytest.raises(IndexUnavailableError):
            step()


def test_one_refused_ad_is_told_apart(bench: Bench) -> None:
    bench.rebuild.create()
    (good,) = ads(1)
    fields = {**(good.fields or {}), "createdAt": "never"}
    bad = replace(good, ad_id=ad_id_of(2), fields=fields)
    effects = [one.effect for one in bench.rebuild.bulk([good, bad])]
    assert effects == [Effect.INDEXED, Effect.REFUSED]
