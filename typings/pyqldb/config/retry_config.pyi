from collections.abc import Callable

class RetryConfig:
    retry_limit: int
    base: int
    custom_backoff: Callable[[int, Exception, str | None], float] | None
    def __init__(
        self,
        retry_limit: int = 4,
        base: int = 10,
        custom_backoff: Callable[[int, Exception, str | None], float] | None = None,
    ) -> None: ...
