from typing import Any

def loop(
    timeout: float = ...,
    use_poll: bool = ...,
    map: dict[int, Any] | None = ...,
    count: int | None = ...,
) -> None: ...
def close_all(map: dict[int, Any] | None = ...) -> None: ...
