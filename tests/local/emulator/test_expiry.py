"""Streams are looked through for what has expired now and then."""

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

from local.emulator import servers

EXPIRY = run_path(str(Path(servers.__file__).parent / "launcher" / "expiry.py"))
SWEEP_S = EXPIRY["SWEEP_S"]


def test_each_stream_and_the_iterators_are_swept_in_turn() -> None:
    clock, swept = [0.0], list[str]()
    kinesis = SimpleNamespace(
        _expire_iterators=lambda: swept.append("iterators"),
        _expire_records=lambda stream: swept.append(stream["StreamARN"]),
    )
    EXPIRY["install"](kinesis, lambda: clock[0])

    def ask() -> list[str]:
        swept.clear()
        kinesis._expire_iterators()
        for arn in ("a", "b", "a"):
            kinesis._expire_records({"StreamARN": arn})
        return list(swept)

    assert ask() == ["iterators", "a", "b"]
    clock[0] = SWEEP_S / 2
    assert ask() == []
    clock[0] = SWEEP_S
    assert ask() == ["iterators", "a", "b"]
