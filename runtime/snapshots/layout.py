"""Where the objects of snapshots are in their bucket.

    requests/000007.json                        what is asked for, written first and once
    keys/{hash of a key}.json                   which snapshot a caller's key asked for
    journal/000007/ads-0/...                    blocks in the layout of QLDB's exports
    state/000007/ads-0/00000.jsonl              every ad as of the end, sorted by id
    manifests/000007.json                       written last: without it there is no snapshot
    work/000007/...                             how far a snapshot is; expires

What has to stay quickly readable, and what may be archived, differ in their first part.
"""

import re
from hashlib import sha256
from typing import Final

FIRST_ID: Final = "000001"
MANIFESTS: Final = "manifests/"
REQUESTS: Final = "requests/"
JOURNAL: Final = "journal/"
STATE: Final = "state/"
WORK: Final = "work/"
KEYS: Final = "keys/"
JSON_TYPE: Final = "application/json"
LINES_TYPE: Final = "application/x-ndjson"

_ID: Final = re.compile(r"[0-9]{6}")


def is_snapshot_id(text: str) -> bool:
    """Whether a text is one that a snapshot could have."""
    return _ID.fullmatch(text) is not None


def next_id(snapshot_id: str | None) -> str:
    """The id after this one; ids are numbers without a gap."""
    return FIRST_ID if snapshot_id is None else f"{int(snapshot_id) + 1:06d}"


def ids_until(snapshot_id: str) -> list[str]:
    """Every id up to this one."""
    return [f"{number:06d}" for number in range(1, int(snapshot_id) + 1)]


def request_key(snapshot_id: str) -> str:
    """The request of a snapshot."""
    return f"{REQUESTS}{snapshot_id}.json"


def caller_key(key: str) -> str:
    """What a caller's own key stands for."""
    return f"{KEYS}{sha256(key.encode()).hexdigest()}.json"


def manifest_key(snapshot_id: str) -> str:
    """The manifest of a snapshot."""
    return f"{MANIFESTS}{snapshot_id}.json"


def id_of(key: str) -> str:
    """The snapshot whose request or manifest this is the key of."""
    return key.rpartition("/")[2].removesuffix(".json")


def journal_prefix(snapshot_id: str, ledger: str) -> str:
    """Where a ledger's export is."""
    return f"{JOURNAL}{snapshot_id}/{ledger}/"


def state_prefix(snapshot_id: str, ledger: str) -> str:
    """Where a ledger's ads are."""
    return f"{STATE}{snapshot_id}/{ledger}/"


def progress_key(snapshot_id: str) -> str:
    """How far an unfinished snapshot is."""
    return f"{WORK}{snapshot_id}/progress.json"


def run_prefix(snapshot_id: str, ledger: str, first: int, last: int) -> str:
    """Where the ads are that blocks first..last have changed, until they are merged."""
    return f"{WORK}{snapshot_id}/{ledger}/{first:016d}-{last:016d}/"


def chunk_key(prefix: str, number: int) -> str:
    """One of the objects into which sorted ads are cut."""
    return f"{prefix}{number:05d}.jsonl"
