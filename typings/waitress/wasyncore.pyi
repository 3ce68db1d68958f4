from typing import Any

def loop(timeout: float = ..., use_poll: bool = ..., map: dict[int, Any] | None = ...) -> None: ...  # noqa: A002
def close_all(map: dict[int, Any] | None = ...) -> None: ...  # noqa: A002
