"""Objects that are built once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from runtime.web.environment import once


def test_threads_share_what_is_built_once() -> None:
    together = Barrier(8)
    built: list[object] = []

    def build() -> object:
        built.append(object())
        return built[-1]

    get = once(build)

    def use(_: int) -> object:
        together.wait()
        return get()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(8))) == {built[0]}
    assert len(built) == 1


def test_a_failure_to_build_is_not_kept() -> None:
    answers = iter([ValueError("not yet"), "built"])

    def build() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    get = once(build)
    with pytest.raises(ValueError, match="not yet"):
        get()
    assert get() == "built"
