"""What a worker builds from its environment, once."""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

Built = TypeVar("Built")


def once(build: Callable[[], Built]) -> Callable[[], Built]:
    """The same object at every call, from any thread, built at the first; a failure is not kept."""
    lock = Lock()
    built: list[Built] = []

    def get() -> Built:
        if not built:
            with lock:
                if not built:
                    built.append(build())
        return built[0]

    return get
