"""Which of N ledgers an ad lives in: a hash of its id decides, so the id alone finds it."""

import hashlib

HASH_BYTES = 8


def shard_of(key: str, shards: int) -> int:
    """The shard, 0..shards-1, of an ad id or of any other key."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:HASH_BYTES], "big") % shards


def ledger_name(prefix: str, shard: int) -> str:
    """The name of a shard's ledger, as in `ads-0`."""
    return f"{prefix}-{shard}"
