from typing import Any, NamedTuple

class SymbolToken(NamedTuple):
    text: str | None
    sid: int | None = None
    location: Any = None
