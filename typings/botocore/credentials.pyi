from collections.abc import Callable

class Credentials:
    access_key: str
    secret_key: str
    token: str | None
    def __init__(self, access_key: str, secret_key: str, token: str | None = None) -> None: ...

class RefreshableCredentials(Credentials):
    @classmethod
    def create_from_metadata(
        cls, metadata: dict[str, str], refresh_using: Callable[[], dict[str, str]], method: str
    ) -> RefreshableCredentials: ...
