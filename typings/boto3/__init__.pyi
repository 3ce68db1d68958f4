from typing import Any

from botocore.config import Config
from botocore.credentials import Credentials

def client(service_name: str, *, config: Config | None = None, **options: Any) -> Any: ...

class Session:
    region_name: str | None
    def __init__(self, **options: Any) -> None: ...
    def client(
        self, service_name: str, *args: Any, config: Config | None = None, **options: Any
    ) -> Any: ...
    def get_credentials(self) -> Credentials | None: ...
