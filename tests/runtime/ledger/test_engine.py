"""Commits: round trips, other writers, silent stores, time; the engine against a plain model."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from runtime.ledger import ion
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import (
    ConflictError,
    CorruptJournalError,
    HeadMovedError,
    StatementError,
    UnavailableError,
    UnknownOutcomeError,
)
from runtime.ledger.identifiers import new_id
from runtime.ledger.limits import Limits
from runtime.ledger.storage.port import Commit, StoredBlock
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.verify import verify_blocks
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import (
    ALL,
    BY_CATEGORY,
    BY_ID,
    DELETE,
    INSERT,
    SET_N,
    STORAGES,
    Clock,
    Ticks,
    execute,
    insert,
    run,
    storage_of,
    with_ads,
)
from tests.runtime.ledger.storages import CountingStorage, FailingStorage, FlakyQueue

IMPATIENT = Limits(backoff_base_ms=0.0, append_attempts_max=4, unavailable_attempts_max=4)


@pytest.fixture(params=STORAGES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with storage_of(request.param, tmp_path) as storage:
        yield with_ads(storage)


def verified(ledger: Ledger) -> None:
    verify_blocks(block.ion for block in ledger.blocks())


def test_round_trips_when_warm() -> None:
    storage = CountingStorage()
    ledger = with_ads(storage)
    insert(ledger, n=0)
    storage.taken()
    ad = insert(ledger, category="cars", n=1)
    assert storage.taken() == {"head": 1, "append": 1}
    run(ledger, SET_N, 2, ad)
    assert storage.taken() == {"head": 1, "current": 1, "append": 1}
    run(ledger, DELETE, ad)
    assert storage.taken() == {"head": 1, "current": 1, "append": 1}
    run(ledger, BY_ID, ad)
    assert storage.taken() == {"head": 1, "current": 1}
    run(ledger, BY_CATEGORY, "cars")
    assert storage.taken() == {"head": 2, "lookup": 1, "current": 1}


def test_the_head_it_began_with_is_tried_first_and_a_delta_of_one_block_costs_no_read() -> None:
    storage = CountingStorage()
    ledger, other = with_ads(storage), Ledger(storage, name="ads-0")
    ad = insert(ledger, n=1)
    transaction = ledger.begin()
    execute(transaction, SET_N, 2, ad)
    insert(other, n=5)
    storage.taken()
    transaction.commit()
    assert storage.taken() == {"append": 2, "head": 1}


def test_a_head_known_to_have_moved_is_not_tried() -> None:
    storage = CountingStorage()
    ledger = with_ads(storage)
    ad = insert(ledger, n=1)
    transaction = ledger.begin()
    execute(transaction, SET_N, 2, ad)
    insert(ledger, n=5)
    storage.taken()
    transaction.commit()
    assert storage.taken() == {"head": 1, "append": 1}


def test_a_store_that_queues_is_not_asked_for_a_head_that_was_written_here(tmp_path: Path) -> None:
    heads: list[None] = []

    class CountedHeads(SqliteStorage):
        def head(self) -> StoredBlock | None:
            heads.append(None)
            return super().head()

    storage, rival = CountedHeads(tmp_path / "journal"), SqliteStorage(tmp_path / "journal")
    ledger = with_ads(storage)
    insert(ledger, n=0)
    heads.clear()
    for n in range(1, 4):
        insert(ledger, n=n)
    assert heads == []
    insert(Ledger(rival, name="ads-0"), n=4)
    insert(ledger, n=5)
    assert len(heads) == 1
    assert sorted(run(ledger, ALL)) == [0, 1, 2, 3, 4, 5]
    verified(ledger)
    storage.close()
    rival.close()


def test_a_long_delta_is_read_by_pages() -> None:
    storage = CountingStorage()
    limits = Limits(delta_page_blocks_max=10, recent_blocks_max=5)
    ledger, other = with_ads(storage, limits=limits), with_ads(MemoryStorage())
    other = Ledger(storage, name="ads-0")
    ad = insert(ledger, n=1)
    transaction, late = ledger.begin(), ledger.begin()
    execute(transaction, SET_N, 2, ad)
    execute(late, SET_N, 3, ad)
    for n in range(34):
        insert(other, n=n)
    storage.taken()
    transaction.commit()
    assert storage.taken() == {"head": 1, "blocks": 4, "append": 2}
    with pytest.raises(ConflictError):
        late.commit()


class OvertakenStorage(MemoryStorage):
    """Lets another writer append first, some times."""

    def __init__(self) -> None:
        super().__init__()
        self.rival: Ledger | None = None
        self.times = 0

    def append(self, commit: Commit) -> None:
        if self.times and self.rival is not None:
            self.times, rest = 0, self.times - 1
            insert(self.rival, category="rival", n=rest)
            self.times = rest
        super().append(commit)


def test_another_writer_is_overtaken_at_last() -> None:
    storage = OvertakenStorage()
    ledger = with_ads(storage, limits=IMPATIENT)
    storage.rival = Ledger(storage, name="ads-0")
    ad = insert(ledger, n=1)
    storage.times = 3
    run(ledger, SET_N, 2, ad)
    assert run(ledger, BY_ID, ad)[0]["n"] == 2
    assert sorted(run(ledger, BY_CATEGORY, "rival")) == [0, 1, 2]
    storage.times = 4
    with pytest.raises(HeadMovedError, match="4 times"):
        run(ledger, SET_N, 3, ad)
    assert run(ledger, BY_ID, ad)[0]["n"] == 2
    verified(ledger)


def test_a_commit_gives_up_in_time() -> None:
    storage = OvertakenStorage()
    ticks = Ticks()
    ledger = with_ads(storage, limits=Limits(append_s_max=3.0), monotonic=ticks)
    ad = insert(ledger, n=1)
    storage.times = 1_000

    def rival_id() -> str:
        ticks.now_s += 1.0
        return new_id()

    storage.rival = Ledger(storage, name="ads-0", new_document_id=rival_id)
    with pytest.raises(HeadMovedError, match="3 times"):
        run(ledger, SET_N, 2, ad)
    storage.times = 0
    assert run(ledger, BY_ID, ad)[0]["n"] == 1


def test_a_rival_that_touches_what_was_read_conflicts() -> None:
    storage = OvertakenStorage()
    ledger = with_ads(storage, limits=IMPATIENT)
    storage.rival = Ledger(storage, name="ads-0")
    transaction = ledger.begin()
    execute(transaction, BY_CATEGORY, "rival")
    execute(transaction, INSERT, {"n": 1})
    storage.times = 1
    with pytest.raises(ConflictError, match="rival"):
        transaction.commit()


@pytest.mark.parametrize(
    "plan",
    [
        {"append": ["before"]},
        {"append": ["after"]},
        {"append": ["before", "before", "after"]},
        {"append": ["after"], "blocks": ["before", "before"]},
        {"append": ["before", "after"], "blocks": ["", "before"]},
    ],
)
def test_an_unanswered_append_has_one_effect(plan: dict[str, list[str]]) -> None:
    storage = FailingStorage()
    ledger = with_ads(storage, limits=Limits(backoff_base_ms=0.0))
    ad = insert(ledger, n=1)
    storage.plan = {method: list(steps) for method, steps in plan.items()}
    run(ledger, SET_N, 2, ad)
    insert(ledger, category="cars", n=9)
    assert not any(storage.plan.values())
    assert run(ledger, BY_ID, ad)[0]["n"] == 2
    assert run(ledger, BY_CATEGORY, "cars") == [9]
    history = run(
        ledger, "SELECT h.metadata.version FROM history(Ads) AS h WHERE h.metadata.id = ?", ad
    )
    assert [row["version"] for row in history] == [0, 1]
    verified(ledger)


def test_an_unanswered_append_beaten_by_a_rival_is_tried_on_the_new_head() -> None:
    class Beaten(FailingStorage):
        def append(self, commit: Commit) -> None:
            if self.plan.get("append"):
                self.plan["append"].pop()
                insert(rival, n=7)
                raise UnavailableError("append was not answered")
            super().append(commit)

    storage = Beaten()
    ledger = with_ads(storage, limits=Limits(backoff_base_ms=0.0))
    rival = Ledger(storage, name="ads-0")
    storage.plan = {"append": ["before"]}
    insert(ledger, n=1)
    assert sorted(run(ledger, "SELECT VALUE a.n FROM Ads AS a")) == [1, 7]
    verified(ledger)


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_store_silent_for_good_leaves_the_outcome_unknown(effect: str) -> None:
    storage = FailingStorage()
    ledger = with_ads(storage, limits=IMPATIENT)
    storage.plan = {"append": [effect, *["before"] * 9], "blocks": ["before"] * 9}
    transaction = ledger.begin()
    execute(transaction, INSERT, {"category": "cars", "n": 1})
    with pytest.raises(UnknownOutcomeError, match=transaction.id):
        transaction.commit()
    storage.plan = {}
    assert run(ledger, BY_CATEGORY, "cars") == ([1] if effect == "after" else [])


@pytest.mark.parametrize("method", ["head", "current"])
def test_a_read_that_fails_has_no_effect(method: str) -> None:
    storage = FailingStorage()
    ledger = with_ads(storage)
    ad = insert(ledger, n=1)
    storage.plan = {method: ["before"]}
    with pytest.raises(UnavailableError):
        run(ledger, SET_N, 2, ad)
    run(ledger, SET_N, 3, ad)
    assert run(ledger, BY_ID, ad)[0]["n"] == 3


def test_an_answer_that_lied_is_found_out() -> None:
    """An append that took effect and was answered with a refusal, as a repeated request can be."""

    class Lying(MemoryStorage):
        lies = 0

        def append(self, commit: Commit) -> None:
            super().append(commit)
            if self.lies:
                self.lies -= 1
                raise HeadMovedError("somebody was first: it was you")

    storage = Lying()
    ledger = with_ads(storage)
    storage.lies = 1
    insert(ledger, category="cars", n=1)
    assert run(ledger, BY_CATEGORY, "cars") == [1]
    assert len(list(ledger.blocks())) == 3


def test_time_does_not_go_back() -> None:
    clock = Clock()
    ledger = with_ads(MemoryStorage(), now=clock)
    for seconds in (5, -20, -20, 1, 60):
        clock.move(seconds)
        insert(ledger, n=1)
    blocks = [Block.from_ion(block.ion) for block in ledger.blocks()]
    times = [block.block_timestamp for block in blocks]
    assert times == sorted(times)
    assert times[-1] - times[0] == timedelta(seconds=26)
    for block in blocks:
        for revision in block.revisions:
            assert block.statements[-1].start_time <= revision.tx_time <= block.block_timestamp


def test_the_digest_is_read_from_the_head() -> None:
    storage = CountingStorage()
    empty = Ledger(storage, name="ads-0")
    with pytest.raises(StatementError, match="no digest"):
        empty.digest()
    ledger = with_ads(storage)
    storage.taken()
    digest = ledger.digest()
    assert storage.taken() == {"head": 1}
    assert (len(digest.value), digest.sequence_no) == (32, 1)
    insert(ledger, n=1)
    assert ledger.digest() != digest


def test_threads_share_a_ledger(ledger: Ledger) -> None:
    def work(worker: int) -> None:
        for n in range(10):
            ad = insert(ledger, category=f"worker-{worker}", n=n)
            run(ledger, SET_N, n + 100, ad)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Unrelated ads never conflict, or a thread would have died of it.
    for worker in range(8):
        found = run(ledger, BY_CATEGORY, f"worker-{worker}")
        assert sorted(found) == list(range(100, 110))
    numbers = [block.sequence_no for block in ledger.blocks()]
    assert numbers == list(range(162))
    verified(ledger)


def test_processes_share_a_storage(tmp_path: Path) -> None:
    with storage_of("sqlite", tmp_path) as one, storage_of("sqlite", tmp_path) as two:
        first, second = with_ads(one), Ledger(two, name="ads-0")
        ad = insert(first, n=0)
        failures: list[Exception] = []

        def count(ledger: Ledger) -> None:
            done = 0
            while done < 30:
                try:
                    run(ledger, "UPDATE Ads AS a BY id SET a.n = a.n + 1 WHERE id = ?", ad)
                    done += 1
                except ConflictError:
                    continue
                except Exception as error:
                    failures.append(error)
                    raise

        threads = [threading.Thread(target=count, args=(each,)) for each in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert run(first, BY_ID, ad)[0]["n"] == 60
        verified(second)


@pytest.mark.parametrize("seed", range(2))
def test_blocks_on_their_way_fail_together(seed: int) -> None:
    storage = FlakyQueue(seed)
    ledger = with_ads(storage, limits=Limits(backoff_base_ms=0.1, unavailable_attempts_max=40))
    counter = insert(ledger, category="counter", n=0)
    storage.failing = True
    done: list[int] = []

    def work(worker: int) -> None:
        for n in range(15):
            number = worker * 100 + n
            insert(ledger, category="cars", n=number)
            while True:
                try:
                    run(ledger, "UPDATE Ads AS a BY id SET a.n = a.n + 1 WHERE id = ?", counter)
                    break
                except ConflictError:
                    continue
            done.append(number)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    storage.failing = False
    assert len(done) == 90
    assert storage.depth_max > 1
    assert sorted(run(ledger, BY_CATEGORY, "cars")) == sorted(done)
    assert run(ledger, BY_ID, counter)[0]["n"] == 90
    assert [block.sequence_no for block in ledger.blocks()] == list(range(183))
    verified(ledger)


CATEGORIES = st.sampled_from(["cars", "boats", "planes"])
NUMBERS = st.integers(-5, 5)


class LedgerMachine(RuleBasedStateMachine):
    """Two ledgers over one storage against a dict of documents and a list of versions of each."""

    ads = Bundle("ads")

    def __init__(self) -> None:
        super().__init__()
        self.storage = MemoryStorage()
        self.ledgers = [with_ads(self.storage), Ledger(self.storage, name="ads-0")]
        self.documents: dict[str, dict[str, object]] = {}
        self.versions: dict[str, list[dict[str, object] | None]] = {}

    def any_ledger(self) -> Ledger:
        self.ledgers.reverse()
        return self.ledgers[0]

    def keep(self, ad: str, document: dict[str, object] | None) -> None:
        self.versions.setdefault(ad, []).append(document)
        if document is None:
            del self.documents[ad]
        else:
            self.documents[ad] = document

    @rule(target=ads, category=CATEGORIES, n=NUMBERS)
    def insert(self, category: str, n: int) -> str:
        ad = insert(self.any_ledger(), category=category, n=n)
        self.keep(ad, {"category": category, "n": n})
        return ad

    @rule(ad=ads, n=NUMBERS, category=CATEGORIES)
    def change(self, ad: str, n: int, category: str) -> None:
        run(
            self.any_ledger(),
            "UPDATE Ads AS a BY id SET a.n = ?, a.category = ? WHERE id = ?",
            n,
            category,
            ad,
        )
        self.keep(ad, {"category": category, "n": n})

    @rule(ad=consumes(ads))
    def delete(self, ad: str) -> None:
        assert len(run(self.any_ledger(), DELETE, ad)) == 1
        self.keep(ad, None)
        assert run(self.any_ledger(), SET_N, 1, ad) == []

    @rule(ad=ads, category=CATEGORIES, n=NUMBERS)
    def several_in_one_transaction(self, ad: str, category: str, n: int) -> None:
        transaction = self.any_ledger().begin()
        made = str(execute(transaction, INSERT, {"category": category, "n": n})[0]["documentId"])
        execute(transaction, SET_N, n + 1, ad)
        execute(transaction, SET_N, n + 2, ad)
        transaction.commit()
        self.keep(made, {"category": category, "n": n})
        self.keep(ad, {**self.documents[ad], "n": n + 2})

    @rule(ad=ads, n=NUMBERS)
    def abandoned(self, ad: str, n: int) -> None:
        transaction = self.any_ledger().begin()
        execute(transaction, SET_N, n, ad)
        execute(transaction, INSERT, {"n": n})
        transaction.abort()

    @rule(ad=ads, n=NUMBERS)
    def conflicting(self, ad: str, n: int) -> None:
        slow = self.any_ledger().begin()
        execute(slow, SET_N, n, ad)
        self.change(ad, n, "cars")
        with pytest.raises(ConflictError):
            slow.commit()

    @rule(category=CATEGORIES)
    def find(self, category: str) -> None:
        found = run(
            self.any_ledger(), "SELECT id, a.n FROM Ads AS a BY id WHERE a.category = ?", category
        )
        assert sorted((row["id"], row["n"]) for row in found) == sorted(
            (ad, d["n"]) for ad, d in self.documents.items() if d["category"] == category
        )

    @invariant()
    def documents_are_the_models(self) -> None:
        rows = run(self.any_ledger(), "SELECT id, a.n, a.category FROM Ads AS a BY id")
        assert {str(row["id"]): {"category": row["category"], "n": row["n"]} for row in rows} == (
            self.documents
        )

    @invariant()
    def history_is_the_models(self) -> None:
        rows = run(self.any_ledger(), "SELECT * FROM history(Ads)")
        history: dict[str, list[dict[str, object] | None]] = {}
        for row in rows:
            ad = str(row["metadata"]["id"])
            assert row["metadata"]["version"] == len(history.setdefault(ad, []))
            data = row.get("data")
            history[ad].append(data and {"category": data["category"], "n": data["n"]})
        assert history == self.versions

    def teardown(self) -> None:
        verified(self.ledgers[0])


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_stored_blocks_are_given_in_order(ledger: Ledger) -> None:
    for n in range(3):
        insert(ledger, n=n)
    blocks: list[StoredBlock] = list(ledger.blocks(1, 3))
    assert [block.sequence_no for block in blocks] == [1, 2, 3]


def test_a_flipped_bit_is_not_read_silently() -> None:
    storage = MemoryStorage()
    ledger = with_ads(storage)
    ad = insert(ledger, category="cars", n=1)
    ((key, (stored,)),) = [
        (key, revisions) for key, revisions in storage._revisions.items() if key[1] == ad
    ]
    silent: list[int] = []
    for bit in range(len(stored.ion) * 8):
        flipped = bytearray(stored.ion)
        flipped[bit // 8] ^= 1 << bit % 8
        storage._revisions[key] = [replace(stored, ion=bytes(flipped))]
        try:
            run(Ledger(storage, name="ads-0"), BY_ID, ad)
            silent.append(bit)
        except CorruptJournalError:
            continue
    # Only the strand's id is not part of what a revision's hash covers.
    strand = ion.decode(stored.ion)["blockAddress"]["strandId"]
    first = stored.ion.index(strand.encode()) * 8
    assert [bit for bit in silent if not first <= bit < first + len(strand) * 8] == []


@pytest.mark.parametrize(
    "changed", [{"version": 1}, {"deleted": True}, {"sequence_no": 7}, {"document_id": "x" * 22}]
)
def test_a_misplaced_revision_is_not_read_silently(changed: dict[str, Any]) -> None:
    storage = MemoryStorage()
    ledger = with_ads(storage)
    insert(ledger, category="cars", n=1)
    key, (stored,) = list(storage._revisions.items())[-1]
    storage._revisions[key] = [replace(stored, **changed)]
    with pytest.raises(CorruptJournalError, match=r"is not what was committed"):
        run(ledger, "SELECT * FROM Ads")
