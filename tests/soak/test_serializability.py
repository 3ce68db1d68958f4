"""The checker finds the anomalies that it is for, and accepts what is sound."""

import pytest

from tests.soak.serializability import (
    Anomaly,
    Call,
    Committed,
    Find,
    Operation,
    Read,
    Write,
    check,
)


def ad(*log: int, category: str = "a") -> dict[str, object]:
    return {"category": category, "log": list(log)}


def call(name: str, invoked: int, completed: int | None, *operations: Operation) -> Call:
    return Call(invoked, [name], list(operations), completed, completed is not None)


START = call("t0", 0, 1, Write("x", ad()), Write("y", ad()))
START_BLOCK = Committed("t0", {"x": ad(), "y": ad()})


def refused(calls: list[Call], *journal: Committed, match: str) -> None:
    with pytest.raises(Anomaly, match=match):
        check([START, *calls], [START_BLOCK, *journal])


def test_one_after_another_is_sound() -> None:
    first = call("t1", 2, 5, Read("x", ad()), Write("x", ad(1)))
    second = call("t2", 3, 6, Read("x", ad(1)), Write("x", ad(1, 2)), Read("x", ad(1, 2)))
    reader = call("t3", 4, 7, Read("x", ad(1)), Find("a", {"x": ad(1), "y": ad()}))
    journal = [START_BLOCK, Committed("t1", {"x": ad(1)}), Committed("t2", {"x": ad(1, 2)})]
    check([START, first, second, reader], journal)


def test_an_unknown_outcome_may_be_either() -> None:
    unknown = call("t1", 2, None, Write("x", ad(1)))
    check([START, unknown], [START_BLOCK])
    check([START, unknown], [START_BLOCK, Committed("t1", {"x": ad(1)})])


def test_a_lost_update_is_found() -> None:
    first = call("t1", 2, 4, Read("x", ad()), Write("x", ad(1)))
    second = call("t2", 3, 5, Read("x", ad()), Write("x", ad(2)))
    journal = Committed("t1", {"x": ad(1)}), Committed("t2", {"x": ad(2)})
    refused([first, second], *journal, match="t2 at block 2: document x was")


def test_write_skew_is_found() -> None:
    first = call("t1", 2, 4, Read("x", ad()), Read("y", ad()), Write("x", ad(1)))
    second = call("t2", 3, 5, Read("x", ad()), Read("y", ad()), Write("y", ad(2)))
    journal = Committed("t1", {"x": ad(1)}), Committed("t2", {"y": ad(2)})
    refused([first, second], *journal, match="t2 at block 2: document x was")


def test_a_phantom_is_found() -> None:
    none = Find("b", {})
    first = call("t1", 2, 4, none, Write("z", ad(category="b")))
    second = call("t2", 3, 5, none, Write("w", ad(category="b")))
    journal = Committed("t1", {"z": ad(category="b")}), Committed("t2", {"w": ad(category="b")})
    refused([first, second], *journal, match="t2 at block 2: category b held")


def test_a_torn_read_is_found() -> None:
    writer = call("t1", 2, 3, Write("x", ad(1)), Write("y", ad(1)))
    reader = call("t2", 2, 4, Read("x", ad(1)), Read("y", ad()))
    refused(
        [writer, reader], Committed("t1", {"x": ad(1), "y": ad(1)}), match=r"so before blocks \[\]"
    )


def test_a_stale_read_is_found() -> None:
    writer = call("t1", 2, 3, Write("x", ad(1)))
    reader = call("t2", 4, 5, Read("x", ad()))
    refused([writer, reader], Committed("t1", {"x": ad(1)}), match="began behind 1")


def test_a_read_that_goes_back_in_time_is_found() -> None:
    writer = call("t1", 2, 9, Write("x", ad(1)))
    early, late = call("t2", 3, 4, Read("x", ad(1))), call("t3", 5, 6, Read("x", ad()))
    refused([writer, early, late], Committed("t1", {"x": ad(1)}), match=r"began behind 1\.5")


def test_a_write_before_one_that_was_over_is_found() -> None:
    first, second = call("t1", 2, 3, Write("x", ad(1))), call("t2", 4, 5, Write("y", ad(2)))
    journal = Committed("t2", {"y": ad(2)}), Committed("t1", {"x": ad(1)})
    refused([first, second], *journal, match="t2 stands at 1.0")


def test_a_lost_commit_is_found() -> None:
    refused([call("t1", 2, 3, Write("x", ad(1)))], match="was acknowledged")


def test_a_commit_that_was_refused_is_found() -> None:
    writer = Call(2, ["t1"], [Write("x", ad(1))], completed=3, committed=False)
    refused([writer], Committed("t1", {"x": ad(1)}), match="was refused and is in the journal")


def test_an_effect_that_came_twice_is_found() -> None:
    writer = Call(2, ["t1", "t2"], [Write("x", ad(1))], completed=3, committed=True)
    block = Committed("t1", {"x": ad(1)}), Committed("t2", {"x": ad(1)})
    refused([writer], *block, match="in the journal are")


def test_a_stranger_s_commit_is_found() -> None:
    refused([], Committed("t1", {"x": ad(1)}), match="nobody sent t1")
