"""A bucket in memory, and one that fails when it is told to."""

from collections.abc import Callable, Iterator

from runtime.ledger.exports.errors import NoSuchObjectError


class MemoryDestination:
    """Keeps objects, and the order in which they were put."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self.puts: list[str] = []

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self.puts.append(key)
        self.objects[key] = data
        self.content_types[key] = content_type

    def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise NoSuchObjectError(f"no object {key}")
        return self.objects[key]

    def remove(self, key: str) -> None:
        self.objects.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted((k for k in self.objects if k.startswith(prefix)), key=str.encode))


class FailingDestination(MemoryDestination):
    """Asks before and after each put what to raise, by the put's number from 0 on."""

    def __init__(self, fails: Callable[[int, str], Exception | None]) -> None:
        super().__init__()
        self.fails = fails
        self.attempts = 0

    def put(self, key: str, data: bytes, content_type: str) -> None:
        number = self.attempts
        self.attempts += 1
        self._raise(number, "before")
        super().put(key, data, content_type)
        self._raise(number, "after")

    def _raise(self, number: int, when: str) -> None:
        error = self.fails(number, when)
        if error is not None:
            raise error
