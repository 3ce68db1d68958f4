"""How far a run of the fuzz tests is never shows as more than there is to do."""

from tests.soak.__main__ import EDGES, reached_of


def test_rounds_that_take_too_long_count_as_their_share() -> None:
    count, shown = 20, [0]
    for position in range(len(EDGES)):
        shown += [reached_of(count, position, spent_s) for spent_s in (0.5, 7.0, 93.0)]
    assert shown == sorted(shown)
    assert shown[-1] == count
