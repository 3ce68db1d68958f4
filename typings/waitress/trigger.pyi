from collections.abc import Callable

class trigger:  # noqa: N801
    def pull_trigger(self, thunk: Callable[[], object] | None = None) -> None: ...
