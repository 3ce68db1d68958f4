"""What a worker is told by its environment, and what it builds from that once."""

import os
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeVar

Built = TypeVar("Built")


class MissingSettingsError(Exception):
    """The function was deployed without some of its environment variables."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"Environment variables are missing: {', '.join(names)}. "
            "The program sets them on the function: deploy it again."
        )


def required(*names: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The values, in order; MissingSettingsError naming every one that is absent or empty."""
    variables = os.environ if environment is None else environment
    missing = [name for name in names if not variables.get(name)]
    if missing:
        raise MissingSettingsError(missing)
    return tuple(variables[name] for name in names)


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
