"""That ads spread over shards, always the same way."""

from collections import Counter

from runtime.ads.shards import ledger_name, shard_of


def test_one_shard_takes_everything() -> None:
    assert {shard_of(str(n), 1) for n in range(100)} == {0}


def test_the_shard_of_an_id_never_changes() -> None:
    assert [shard_of(key, 8) for key in ("a", "b", "IKVCPBOcVhy4RtCbDnHTUY")] == [2, 2, 1]


def test_ids_spread_evenly() -> None:
    counts = Counter(shard_of(f"id-{n}", 4) for n in range(4000))
    assert set(counts) == {0, 1, 2, 3}
    assert all(900 < count < 1100 for count in counts.values())


def test_a_ledger_is_named_for_its_shard() -> None:
    assert ledger_name("ads", 3) == "ads-3"
