"""The forger finds no way past the verifier, and would notice one."""

import pytest

from bench.forgeries import Forger, main
from runtime.ledger.verify import proofs

FORGERIES = 4_000


def test_no_forgery_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", str(FORGERIES), "--seed", "20260102"]) == 0
    shown = capsys.readouterr().out
    assert "seed 20260102" in shown
    assert f"{FORGERIES} forged proofs, 0 accepted" in shown
    for kind in (
        *("path: bit", "place: 1", "block: bit", "block: rewritten", "block: as newest"),
        *("revision: as deleted", "consistency: dropped", "consistency: fork"),
        *("consistency: fitted", "consistency: another old one"),
    ):
        assert kind in shown


def test_an_accepted_forgery_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    forger = Forger(1)
    block_hash = forger.journal.stored[3].block_hash
    proof, honest = forger.journal.path(3, 8), forger.journal.digest(8)
    forger._expect_refused("honest", lambda: proofs.check_path(block_hash, 3, proof, honest))
    assert forger.accepted == ["honest"]
    assert not forger.refused
    assert capsys.readouterr().out == ""
