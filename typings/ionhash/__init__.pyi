from typing import Any

def ion_hash(
    self: Any, algorithm: str | None = None, hash_function_provider: Any = None
) -> bytes: ...
