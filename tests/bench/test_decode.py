"""The benchmark runs, and the decode path has not become slow beside Ion's own decoder."""

import statistics
import sys

import pytest
from amazon.ion import simpleion
from amazon.ion.simpleion import IonPyValueModel

from bench import decode

ADS = 400
RUNS = 5
RATIO_MIN = 0.6
"""Of Ion's plain decoder alone, which is about as quick as all of the path is now."""


def ion_rate(records: list[bytes]) -> float:
    """Records a second that amazon.ion decodes one by one, to values that lose nothing."""

    def decoded() -> int:
        model = IonPyValueModel.MAY_BE_BARE
        return len([simpleion.loads(record, value_model=model) for record in records])

    return len(records) / statistics.median(
        decode.timed(decoded, len(records)) for _ in range(RUNS)
    )


def test_the_whole_path_keeps_up_with_plain_ion_decoding() -> None:
    details = [decode.stream_records(number)[1] for number in range(ADS)]
    packed, single = decode.measure(ADS, RUNS)

    plain = ion_rate(details)

    assert packed.median > RATIO_MIN * plain
    assert single.median > RATIO_MIN * plain


def test_a_run_that_loses_revisions_is_no_measurement() -> None:
    records = [decode.stream_records(0)[1]]
    with pytest.raises(RuntimeError, match="1 items came of 2 revisions"):
        decode.rates(records, 2, 1)


def test_it_says_how_to_run_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["decode", "--ads", "20", "--runs", "1"])
    decode.main()
    printed = capsys.readouterr().out
    assert printed.count("revisions/s   (") == 2
    assert "python -m bench.decode" in printed
