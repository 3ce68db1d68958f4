"""What every projection of ads promises, whatever it writes to."""

import secrets
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.ads.revision import AdRevision
from runtime.journal.batch import process
from runtime.journal.projection import Projection
from runtime.ledger.identifiers import encode_id
from tests.journal_blocks import ad_revision, revisions_event
from tests.stream_delivery import deliver

Current = Callable[[str], AdRevision | None]
"""What the store holds about an ad."""
Histories = list[tuple[int, bool]]
"""For each ad: how many versions, and whether the last is a deletion."""

HISTORIES = st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=3)
shared_store = settings(
    deadline=None,
    max_examples=40,
    # Every example has ads of its own, and every subclass runs the contract for itself.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def history(versions: int, *, deleted: bool) -> list[AdRevision]:
    """Every revision of an ad that no other test has."""
    ad_id = encode_id(secrets.token_bytes(16))
    last = versions - 1
    return [
        ad_revision(ad_id, n, deleted=deleted and n == last > 0, adTitle=f"title {n}")
        for n in range(versions)
    ]


def written(histories: Histories) -> list[list[AdRevision]]:
    return [history(versions, deleted=deleted) for versions, deleted in histories]


def shuffled(data: st.DataObject, ads: Sequence[Sequence[AdRevision]]) -> list[AdRevision]:
    """Every revision at least once, in any order, some of them again."""
    once = [revision for ad in ads for revision in ad]
    again = data.draw(st.lists(st.sampled_from(once), max_size=6))
    return data.draw(st.permutations([*once, *again]))


def batched(data: st.DataObject, revisions: Sequence[AdRevision]) -> list[Sequence[AdRevision]]:
    """The same in batches of any size."""
    batches: list[Sequence[AdRevision]] = []
    while revisions:
        size = data.draw(st.integers(1, len(revisions)))
        batches.append(revisions[:size])
        revisions = revisions[size:]
    return batches


class ProjectionContract:
    """Subclasses give `project`, a projection; `current`, which looks into its store; and
    `flaky`, the same projection onto the same store, whose calls fail wherever the list says so."""

    @pytest.fixture
    def project(self) -> Projection:
        raise NotImplementedError

    @pytest.fixture
    def flaky(self) -> Callable[[list[bool]], Projection]:
        raise NotImplementedError

    @pytest.fixture
    def current(self) -> Current:
        raise NotImplementedError

    def test_an_ad_is_projected_change_by_change(
        self, project: Projection, current: Current
    ) -> None:
        for revision in history(3, deleted=True):
            assert project([revision]) == {}
            assert current(revision.ad_id) == revision

    def test_nothing_to_project_is_no_failure(self, project: Projection) -> None:
        assert project([]) == {}

    @shared_store
    @given(data=st.data(), histories=HISTORIES)
    def test_any_order_and_repetition_ends_with_the_newest_revisions(
        self, data: st.DataObject, histories: Histories, project: Projection, current: Current
    ) -> None:
        ads = written(histories)
        newest: dict[str, int] = {}
        for batch in batched(data, shuffled(data, ads)):
            assert project(batch) == {}
            for revision in batch:
                newest[revision.ad_id] = max(revision.version, newest.get(revision.ad_id, 0))
            for ad_id, version in newest.items():
                found = current(ad_id)
                assert found is not None
                assert found.version == version, "an older state came back"
        for ad in ads:
            assert current(ad[0].ad_id) == ad[-1]

    def test_defect_1_and_5_a_late_change_does_not_bring_a_deleted_ad_back(
        self, project: Projection, current: Current
    ) -> None:
        created, changed, deleted = history(3, deleted=True)
        project([created, changed])
        project([deleted])
        for late in ([changed], [created], [changed, created, created]):
            assert project(late) == {}
            assert current(deleted.ad_id) == deleted

    def test_defect_4_versions_of_one_batch_end_with_the_newest(
        self, project: Projection, current: Current
    ) -> None:
        """The ancestor wrote a whole batch at once, without order even within one ad."""
        ads = [history(5, deleted=number % 2 == 0) for number in range(20)]
        by_version = [ad[version] for version in range(5) for ad in ads]
        assert project([*reversed(by_version), *by_version]) == {}
        for ad in ads:
            assert current(ad[0].ad_id) == ad[-1]

    def test_defect_2_a_failed_write_is_reported_and_made_up_for(
        self,
        flaky: Callable[[list[bool]], Projection],
        current: Current,
    ) -> None:
        """The ancestor logged every error and let the batch be acknowledged."""
        (revision,) = history(1, deleted=False)
        project = flaky([True])

        failures: Mapping[str, object] = project([revision])

        assert set(failures) == {revision.ad_id}
        assert project([revision]) == {}
        assert current(revision.ad_id) == revision

    @shared_store
    @given(
        data=st.data(),
        histories=HISTORIES,
        failures=st.lists(st.booleans(), max_size=40),
    )
    def test_a_store_that_fails_now_and_then_is_level_in_the_end(
        self,
        data: st.DataObject,
        histories: Histories,
        failures: list[bool],
        flaky: Callable[[list[bool]], Projection],
        current: Current,
    ) -> None:
        ads = written(histories)
        groups = batched(data, shuffled(data, ads))
        project = flaky(failures)

        given_up = deliver(
            revisions_event(*groups)["Records"],
            lambda records: process(records, project).failures.response(),
        )

        assert given_up == []
        for ad in ads:
            assert current(ad[0].ad_id) == ad[-1]
