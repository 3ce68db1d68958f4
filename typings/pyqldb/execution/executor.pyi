from typing import Any, NoReturn

from pyqldb.cursor.stream_cursor import StreamCursor

class Executor:
    transaction_id: str
    def abort(self) -> NoReturn: ...
    def execute_statement(self, statement: str, *parameters: Any) -> StreamCursor: ...
