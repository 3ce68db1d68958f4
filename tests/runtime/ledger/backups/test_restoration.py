"""What is restored is what was there, at any block and moment; what is damaged is refused."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from runtime.ledger import merkle
from runtime.ledger.audit import audit
from runtime.ledger.backups.errors import BackupError, DamagedBackupError
from runtime.ledger.backups.restoration import Goal, Known, restore, verify
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.imports.errors import DamagedExportError, OtherLedgerError
from tests.fakes import MemoryStorage
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.backups.backing_up import (
    backed_up,
    copy_of,
    flips,
    redact,
    restored,
    with_secret,
)
from tests.runtime.ledger.exports.exporting import busy_ledger
from tests.runtime.ledger.imports.importing import contents
from tests.runtime.ledger.ledgers import Clock, insert, run, with_ads
from tests.runtime.ledger.storages import FailingStorage

FLIPS, MANIFEST_FLIPS = 12, 120
"""Of each object; a soak run flips every bit."""


class History:
    """A ledger, its backup, and what its store held when each block was its newest."""

    def __init__(self) -> None:
        self.storage, self.place, self.clock = MemoryStorage(), MemoryDestination(), Clock()
        self.contents: dict[int, object] = {}
        self.digests: dict[int, bytes] = {}
        ledger = busy_ledger(Kept(self), self.clock)
        self.digest = ledger.digest()
        backed_up(self.storage, self.place)

    def timestamp(self, number: int) -> datetime:
        return Block.from_ion(self.storage._blocks[number].ion).block_timestamp


class Kept(MemoryStorage):
    """Notes what it holds after each block."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        history.storage = self

    def append(self, commit: object) -> None:
        super().append(commit)  # type: ignore[arg-type]
        head = self.head()
        assert head is not None
        self._history.contents[head.sequence_no] = contents(self)
        self._history.digests[head.sequence_no] = merkle.fold(head.peaks)


@pytest.fixture(scope="module")
def history() -> History:
    return History()


def test_to_every_block(history: History) -> None:
    for number, expected in history.contents.items():
        copy = MemoryStorage()
        found = restored(history.place, copy, Goal(sequence_no=number))
        assert (found.sequence_no, found.digest) == (number, history.digests[number])
        assert contents(copy) == expected
        assert audit(copy, history.digests[number]).findings == []


def test_to_every_moment(history: History) -> None:
    last = history.digest.sequence_no
    for number in range(last + 1):
        moment = history.timestamp(number)
        newest = max(n for n in range(last + 1) if history.timestamp(n) <= moment)
        verified = verify(history.place, "ads-0", Goal(moment=moment))
        assert (verified.sequence_no, verified.digest) == (newest, history.digests[newest])
    before = history.timestamp(0) - timedelta(milliseconds=1)
    with pytest.raises(BackupError, match="no block had been sealed at"):
        verify(history.place, "ads-0", Goal(moment=before))
    late = verify(history.place, "ads-0", Goal(moment=datetime(2099, 1, 1, tzinfo=UTC)))
    assert late.sequence_no == last


def test_a_restored_ledger_goes_on(history: History) -> None:
    copy = MemoryStorage()
    restored(history.place, copy, Goal(sequence_no=5))
    ledger = Ledger(copy, name="ads-0")
    insert(ledger, n=1, category="c1")
    assert ledger.digest().sequence_no == 6
    assert audit(copy).findings == []


def test_a_digest_that_was_kept_is_held_to(history: History) -> None:
    for number, digest in history.digests.items():
        verify(history.place, "ads-0", known=Known(digest, number))
        with pytest.raises(DamagedBackupError, match="not the one that was kept"):
            verify(history.place, "ads-0", known=Known(bytes(32), number))
    verify(history.place, "ads-0", known=Known(history.digest.value))
    with pytest.raises(DamagedBackupError, match="not the one that was kept"):
        verify(history.place, "ads-0", known=Known(history.digests[3]))


@pytest.mark.parametrize("number", [-1, 10_000])
def test_blocks_that_are_not_in_it_are_refused(history: History, number: int) -> None:
    for goal, known in (
        (Goal(sequence_no=number), None),
        (Goal(), Known(bytes(32), number)),
    ):
        with pytest.raises(BackupError, match="the backup has blocks 0 to"):
            verify(history.place, "ads-0", goal, known)


def test_where_there_is_no_backup_that_is_said() -> None:
    with pytest.raises(BackupError, match="no backup has ended here"):
        verify(MemoryDestination(), "ads-0")


def test_a_flipped_bit_anywhere_is_refused(history: History) -> None:
    """Nothing can be appended: there is nothing to restore before all is verified."""
    chance, place = random.Random(3), copy_of(history.place)
    objects = place.objects
    for key, whole in list(objects.items()):
        count = FLIPS if key.endswith(".ion") else MANIFEST_FLIPS
        for flipped in flips(whole, chance, count):
            objects[key] = flipped
            with pytest.raises(LedgerError):
                verify(place, "ads-0")
        objects[key] = whole
    verify(place, "ads-0")


def test_the_damaged_block_is_named(history: History) -> None:
    place = copy_of(history.place)
    key = next(key for key, data in place.objects.items() if b"x" * 300 in data)
    place.objects[key] = place.objects[key].replace(b"x" * 300, b"x" * 299 + b"y", 1)
    with pytest.raises(DamagedExportError, match=r"block \d+, revision 0: its hash") as found:
        verify(place, "ads-0")
    assert found.value.key == key


def test_a_missing_object_is_named(history: History) -> None:
    for key in history.place.objects:
        place = copy_of(history.place)
        del place.objects[key]
        with pytest.raises(LedgerError, match=key):
            verify(place, "ads-0")


def test_what_changes_after_it_was_verified_is_refused(history: History) -> None:
    place, copy = copy_of(history.place), MemoryStorage()
    verified = verify(place, "ads-0")
    key = verified.backup.objects[0].key
    place.objects[key] = next(flips(place.objects[key], random.Random(1), 1))
    with pytest.raises(DamagedBackupError, match=key):
        restore(verified, place, copy)
    assert copy.head() is None


def test_wherever_it_is_ended_it_goes_on(history: History) -> None:
    verified = verify(history.place, "ads-0")
    blocks = history.digest.sequence_no + 1
    for count in range(0, blocks, 3):
        copy = FailingStorage()
        # A store that never answers again: each append is tried twelve times.
        copy.plan["append"] = ["", *[""] * (count - 1)] if count else []
        copy.plan["append"] += ["after"]
        restore(verified, history.place, copy)
        assert contents(copy) == contents(history.storage)
        part = MemoryStorage()
        restored(history.place, part, Goal(sequence_no=count))
        added = restore(verified, history.place, part).blocks_added
        assert (added, contents(part)) == (blocks - 1 - count, contents(history.storage))


def test_a_store_with_other_blocks_is_left_alone(history: History) -> None:
    other = MemoryStorage()
    ledger = busy_ledger(other)
    before = contents(other)
    with pytest.raises(OtherLedgerError):
        restored(history.place, other)
    insert(ledger, n=1)
    with pytest.raises(BackupError, match="restore into an empty one"):
        restored(history.place, other, Goal(sequence_no=4))
    assert contents(other)[1][:-1] == before[1]


def test_a_redacted_ledger_is_restored_to_before_it_was_redacted() -> None:
    """The data stay away; every digest is the same, and the indexes find what they found."""
    storage, place = MemoryStorage(), MemoryDestination()
    ledger = with_ads(storage)
    ad, address = with_secret(ledger)
    tip = ledger.digest()
    redact(ledger, ad, 0)
    backed_up(storage, place)
    copy = MemoryStorage()
    restored(place, copy, Goal(sequence_no=tip.sequence_no), Known(tip.value, tip.sequence_no))
    again = Ledger(copy, name="ads-0")
    assert again.digest() == tip
    assert audit(copy, tip.value).findings == []
    [first, second, _] = again.history("Ads", ad)
    assert ("data" in first, "data" in second) == (False, True)
    assert first["blockAddress"] == address
    assert run(again, "SELECT VALUE a.n FROM Ads AS a WHERE a.category = 'a'") == [2]
