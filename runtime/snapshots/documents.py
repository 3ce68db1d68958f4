"""The JSON documents of a bucket: canonical, and with a hash over themselves.

There is one way to write each, so that any changed byte is found with nothing but the document.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, cast

from runtime.snapshots.errors import UnreadableSnapshotError

OWN_HASH: Final = "sha256"


def written(document: Mapping[str, Any]) -> bytes:
    """The document with the hash of all else in it."""
    own = sha256(_canonical(document)).hexdigest()
    return _canonical({**document, OWN_HASH: own})


def read(key: str, data: bytes) -> Any:
    """The document without its hash; UnreadableSnapshotError where one byte is not as written."""
    try:
        found = json.loads(data)
    except ValueError as error:
        raise UnreadableSnapshotError(key, f"it is not JSON ({error})") from error
    document = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    rest = {name: value for name, value in document.items() if name != OWN_HASH}
    if written(rest) != data:
        raise UnreadableSnapshotError(key, "its bytes are not those that its own hash is of")
    return rest


def time_of(text: str) -> datetime:
    """A moment of a document."""
    return datetime.fromisoformat(text)


def time_text(moment: datetime) -> str:
    """A moment as documents have it: UTC, milliseconds, Z."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=True, indent=1, sort_keys=True).encode() + b"\n"
