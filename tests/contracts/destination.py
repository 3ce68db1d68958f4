"""What every destination of exports has to do; its tests subclass DestinationContract."""

import pytest

from runtime.ledger.backups.place import Place
from runtime.ledger.exports.destination import Destination, has
from runtime.ledger.exports.errors import NoSuchObjectError


class DestinationContract:
    """The subclass has a fixture `destination`, an empty one."""

    def test_an_object_comes_back(self, destination: Destination) -> None:
        for data in (b"", b"one", bytes(range(256)) * 1000):
            destination.put("a/b.ion", data, "application/ion")
            assert destination.get("a/b.ion") == data

    def test_a_missing_object_is_told(self, destination: Destination) -> None:
        destination.put("a/b", b"", "text/plain")
        for key in ("a/c", "a", "a/b/c", "b"):
            with pytest.raises(NoSuchObjectError, match=key):
                destination.get(key)

    def test_keys_are_listed_by_how_they_start(self, destination: Destination) -> None:
        keys = ["a.b", "a/b/c", "a/b/d", "a/bc", "b/ü", "b/z"]
        for key in reversed(keys):
            destination.put(key, key.encode(), "text/plain")
        assert list(destination.keys("")) == sorted(keys, key=str.encode)
        assert list(destination.keys("a/")) == ["a/b/c", "a/b/d", "a/bc"]
        assert list(destination.keys("a/b")) == ["a/b/c", "a/b/d", "a/bc"]
        assert list(destination.keys("a/b/d")) == ["a/b/d"]
        assert list(destination.keys("c/")) == []

    def test_an_object_is_there_under_its_whole_key(self, destination: Destination) -> None:
        destination.put("a/bc", b"", "text/plain")
        assert has(destination, "a/bc")
        assert not has(destination, "a/b")
        assert not has(destination, "a/bcd")

    def test_an_object_is_removed(self, destination: Place) -> None:
        for key in ("a/b", "a/c"):
            destination.put(key, b"data", "text/plain")
        for key in ("a/b", "a/b", "x/y"):
            destination.remove(key)
        assert list(destination.keys("")) == ["a/c"]
        with pytest.raises(NoSuchObjectError):
            destination.get("a/b")
