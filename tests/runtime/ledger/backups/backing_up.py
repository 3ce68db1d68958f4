"""Ledgers that are backed up, and backups in one line."""

import random
from collections.abc import Iterator
from typing import Any

from runtime.ledger.backups.backup import back_up
from runtime.ledger.backups.manifest import Backup
from runtime.ledger.backups.place import Place
from runtime.ledger.backups.restoration import WHOLE, Goal, Known, restore, verify
from runtime.ledger.engine import Ledger
from runtime.ledger.imports.importer import Imported
from runtime.ledger.storage.port import JournalStorage
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.ledgers import SET_N, insert, run

OBJECT_BYTES = 3_000
SECRET = "a secret that must not stay"
REDACT = "EXEC REDACT_REVISION ?, ?, ?"


def backed_up(
    storage: JournalStorage, place: Place, prefix: str = "ads-0", bytes_max: int = OBJECT_BYTES
) -> Backup:
    return back_up(storage, "ads-0", place, prefix, object_bytes_max=bytes_max)


def restored(
    place: Place,
    storage: JournalStorage,
    goal: Goal = WHOLE,
    known: Known | None = None,
    prefix: str = "ads-0",
) -> Imported:
    return restore(verify(place, prefix, goal, known), place, storage)


def with_secret(ledger: Ledger) -> tuple[str, Any]:
    """A document whose first version is a secret, and where that is."""
    ad = insert(ledger, category="a", n=1, note=SECRET)
    run(ledger, SET_N, 2, ad)
    run(ledger, "UPDATE Ads AS a BY id SET a.note = 'harmless' WHERE id = ?", ad)
    [first, *_] = ledger.history("Ads", ad)
    return ad, first["blockAddress"]


def redact(ledger: Ledger, ad: str, number: int) -> None:
    """Redact one version of a document."""
    revision = next(iter(ledger.history("Ads", ad, number)))
    [table] = run(
        ledger, "SELECT VALUE tableId FROM information_schema.user_tables WHERE name = 'Ads'"
    )
    run(ledger, REDACT, revision["blockAddress"], str(table), ad)


def copy_of(place: MemoryDestination) -> MemoryDestination:
    copy = MemoryDestination()
    copy.objects = dict(place.objects)
    return copy


def flips(data: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    """The bytes with one bit flipped, each time another one."""
    for bit in chance.sample(range(len(data) * 8), min(count, len(data) * 8)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)
