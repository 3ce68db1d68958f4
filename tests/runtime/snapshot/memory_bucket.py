"""Buckets for tests: in memory, and one that stops answering."""

from collections.abc import Iterator

from runtime.ledger.exports.errors import DestinationUnavailableError, NoSuchObjectError


class MemoryBucket:
    """A bucket that lives as long as the object, and remembers what was done in order."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.puts: list[str] = []

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self.puts.append(key)
        self.objects[key] = data

    def put_new(self, key: str, data: bytes, content_type: str) -> bool:
        if key in self.objects:
            return False
        self.put(key, data, content_type)
        return True

    def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise NoSuchObjectError(f"there is no object {key}")
        return self.objects[key]

    def keys(self, prefix: str) -> Iterator[str]:
        yield from sorted(key for key in self.objects if key.startswith(prefix))


class FailingBucket(MemoryBucket):
    """Stops answering after some puts, which it is told anew for each try."""

    def __init__(self) -> None:
        super().__init__()
        self.puts_left = 0

    def put(self, key: str, data: bytes, content_type: str) -> None:
        if self.puts_left == 0:
            raise DestinationUnavailableError("the bucket does not answer")
        self.puts_left -= 1
        super().put(key, data, content_type)
