from typing import Any

from botocore.credentials import Credentials

class Session:
    _credentials: Credentials
    def __init__(self, **options: Any) -> None: ...
    def get_component(self, name: str) -> Any: ...

def get_session() -> Session: ...
