"""A power cut loses nothing that was acknowledged; `make soak` tries many more."""

from pathlib import Path

import pytest

from tests.soak.power_cuts import cut

IMAGES = 500
LOSING_IMAGES = 150
SEED = 1


def test_an_acknowledged_commit_survives_a_power_cut(tmp_path: Path) -> None:
    assert cut(tmp_path, SEED, IMAGES) == {"sound": IMAGES}


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_harness_notices_what_less_flushing_loses(tmp_path: Path, synchronous: str) -> None:
    verdicts = cut(tmp_path, SEED, LOSING_IMAGES, synchronous=synchronous)
    assert verdicts["lost an acknowledged commit"] > LOSING_IMAGES / 10
