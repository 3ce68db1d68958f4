from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from pyqldb.config.retry_config import RetryConfig
from pyqldb.execution.executor import Executor

_Result = TypeVar("_Result")

class QldbDriver:
    def __init__(
        self,
        ledger_name: str,
        retry_config: RetryConfig | None = None,
        read_ahead: int = 0,
        **options: Any,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...
    def close(self) -> None: ...
    def list_tables(self) -> Iterator[str]: ...
    def execute_lambda(
        self,
        query_lambda: Callable[[Executor], _Result],
        retry_config: RetryConfig | None = None,
    ) -> _Result: ...
