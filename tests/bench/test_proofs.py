"""The bench of proofs measures what it says, on a small journal."""

import pytest

from bench.proofs import GOALS, main


def test_every_figure_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.proofs.PROOFS", 20)
    arguments = ["bench.proofs", "--blocks", "60", "--revisions", "40", "--runs", "1"]
    monkeypatch.setattr("sys.argv", arguments)
    main()
    shown = capsys.readouterr().out
    assert all(name in shown for name in GOALS)
