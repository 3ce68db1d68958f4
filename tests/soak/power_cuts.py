"""What a disk may hold after a power cut, and whether the journal survives each of it.

A journal is written through a layer of SQLite that notes every write, every sync of a file and
every commit acknowledged meanwhile. Afterwards power cuts are made up: at any moment, all that was
synced is on the disk, and of what was written since, any part may be: each write is there, or not,
or only some of its sectors, later writes without earlier ones. SQLite opens what is left, and then
the journal has to be exactly the first so many commits: none that was acknowledged is missing, none
is there in part, none that was not even begun.
"""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import apsw

from runtime.ledger.errors import LedgerError
from runtime.ledger.storage.port import Commit, IndexEntry
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.storage.sqlite_file import BUSY_TIMEOUT_S, SqliteFile
from tests.contracts.journal_storage import INDEX, TABLE, following, revision

SECTOR_BYTES: Final = 512
VFS: Final = "power_cuts"
LOGS: Final = ("-wal", "-journal")
LARGE_BYTES: Final = 9_000
"""Of a block that takes several pages."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a file, or a commit that was begun or acknowledged."""

    kind: str
    """write, truncate, sync, delete; folder (its sync); begun, acknowledged."""
    name: str = ""
    offset: int = 0
    """Where it was written; the new size; the commit's number."""
    data: bytes = b""


@dataclass(slots=True)
class Recording:
    """One journal's writing."""

    events: list[Event] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)


class RecordedVfsFile(apsw.VFSFile):
    """A file whose writes are noted before they are done."""

    def __init__(self, events: list[Event], name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._events = events
        self._name = Path(path).name

    def xWrite(self, data: bytes, offset: int) -> None:
        self._events.append(Event("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._events.append(Event("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._events.append(Event("sync", self._name))


class RecordingVfs(apsw.VFS):
    """The operating system's files, with their writes noted."""

    def __init__(self, name: str, events: list[Event]) -> None:
        super().__init__(name, "")
        self._events = events

    def xOpen(self, name: Any, flags: list[int]) -> RecordedVfsFile:
        return RecordedVfsFile(self._events, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._events.append(Event("delete", Path(filename).name))
        super().xDelete(filename, syncdir)


def record(
    folder: Path,
    random_: random.Random,
    *,
    commits: int,
    synchronous: str | None = None,
    checkpoint_pages: int | None = None,
    threads: int = 1,
) -> Recording:
    """Write a journal of some commits into an empty folder.

    `synchronous` overrules the journal's own setting, to see that the harness notices.
    """
    recording = Recording()
    vfs_name = f"{VFS}-{folder.name}-{random_.getrandbits(32)}"
    vfs = RecordingVfs(vfs_name, recording.events)

    class RecordedFile(SqliteFile):
        def _open(self) -> Any:
            connection = apsw.Connection(str(self._path), vfs=vfs_name)
            connection.set_busy_timeout(int(BUSY_TIMEOUT_S * 1000))
            return connection

        def _connect(self) -> Any:
            connection = super()._connect()
            if synchronous is not None:
                connection.execute(f"PRAGMA synchronous = {synchronous}")
            if checkpoint_pages is not None:
                connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")
            return connection

        def _flush_folder(self) -> None:
            super()._flush_folder()
            recording.events.append(Event("folder"))

    storage = SqliteStorage(folder / "journal", open_file=RecordedFile)
    while len(recording.commits) < commits:
        _append(storage, recording, random_, random_.randint(1, threads))
    # What follows, such as the log's deletion, is the end of a run and not of interest.
    end = len(recording.events)
    storage.close()
    del recording.events[end:]
    vfs.unregister()
    return recording


def _append(
    storage: SqliteStorage, recording: Recording, random_: random.Random, count: int
) -> None:
    """Append some commits at once, one upon the other, each from a thread of its own."""
    made: list[Commit] = []
    for _ in range(count):
        head = recording.commits[-1].block if recording.commits else None
        made.append(_commit(head, random_))
        recording.commits.append(made[-1])
    events = recording.events

    def append(commit: Commit) -> None:
        events.append(Event("begun", offset=commit.block.sequence_no))
        storage.append(commit)
        events.append(Event("acknowledged", offset=commit.block.sequence_no))

    if count == 1:
        append(made[0])
        return
    workers = [threading.Thread(target=append, args=(commit,)) for commit in made]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _commit(head: Any, random_: random.Random) -> Commit:
    number = 0 if head is None else head.sequence_no + 1
    names = [f"d{number}-{i}" for i in range(random_.randint(0, 3))]
    entries = tuple(IndexEntry(INDEX, random_.randbytes(32), name, 0) for name in names)
    size = random_.choice([100, 300, 300, 1_000, LARGE_BYTES])
    revisions = tuple(revision(name, 0, number) for name in names)
    return following(head, revisions, entries, random_.randbytes(size))


@dataclass(frozen=True, slots=True)
class Image:
    """What is on the disk when power comes back."""

    event: int
    """The cut came before this event of the recording."""
    files: dict[str, bytes]
    acknowledged: int
    """Commits that have to be there."""
    begun: int
    """Commits that may be there."""


def images(recording: Recording, random_: random.Random, each: int) -> Iterator[Image]:
    """Some random images for every moment at which the disk may differ."""
    durable: dict[str, bytearray] = {}
    pending: list[Event] = []
    acknowledged = begun = 0
    for number, event in enumerate(recording.events):
        if event.kind == "begun":
            begun = max(begun, event.offset + 1)
            continue
        if event.kind == "acknowledged":
            acknowledged = max(acknowledged, event.offset + 1)
        elif event.kind in ("sync", "folder"):
            # SQLite syncs the folder with the first sync of a log, as `xSync` of its files does.
            folder_too = event.kind == "folder" or (
                event.name not in durable and event.name.endswith(LOGS)
            )
            done = [w for w in pending if w.name == event.name or (folder_too and _unlinks(w))]
            for waiting in done:
                _apply(durable, waiting, None)
            if event.name:
                durable.setdefault(event.name, bytearray())
            pending = [waiting for waiting in pending if waiting not in done]
        else:
            pending.append(event)
        for _ in range(each if pending else 1):
            yield Image(number + 1, _disk(durable, pending, random_), acknowledged, begun)


def _unlinks(event: Event) -> bool:
    return event.kind == "delete"


def _disk(
    durable: dict[str, bytearray], pending: Sequence[Event], random_: random.Random
) -> dict[str, bytes]:
    """What is synced and a random part of what is not."""
    disk = {name: bytearray(content) for name, content in durable.items()}
    kept_share = random_.choice([0.1, 0.5, 0.9])
    for event in pending:
        if random_.random() < kept_share:
            torn = random_ if random_.random() < 0.3 else None
            _apply(disk, event, torn)
    return {name: bytes(content) for name, content in disk.items()}


def _apply(disk: dict[str, bytearray], event: Event, torn: random.Random | None) -> None:
    """Do to the disk what the event did; where it is torn, only to some sectors."""
    if event.kind == "delete":
        disk.pop(event.name, None)
        return
    content = disk.setdefault(event.name, bytearray())
    if event.kind == "truncate":
        del content[event.offset :]
        content.extend(bytes(event.offset - len(content)))
        return
    start, end = event.offset, event.offset + len(event.data)
    while start < end:
        stop = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        if torn is None or torn.random() < 0.5:
            content.extend(bytes(max(0, stop - len(content))))
            content[start:stop] = event.data[start - event.offset : stop - event.offset]
        start = stop


def verdict(image: Image, commits: Sequence[Commit], folder: Path) -> str:
    """What became of the journal: "sound", or what is wrong with it."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in image.files.items():
        (folder / name).write_bytes(content)
    try:
        storage = SqliteStorage(folder / "journal", open_file=UnflushedFile)
    except LedgerError as error:
        return f"cannot be opened: {type(error).__name__}"
    try:
        return _verdict(image, commits, storage)
    except Exception as error:  # Whatever is made of a file that is no longer one.
        return f"cannot be read: {type(error).__name__}"
    finally:
        storage.close()


class UnflushedFile(SqliteFile):
    """The journal's file, but nothing waits for the disk: it is thrown away."""

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def _flush_folder(self) -> None:
        pass


def _verdict(image: Image, commits: Sequence[Commit], storage: SqliteStorage) -> str:
    blocks = list(storage.blocks(0))
    if len(blocks) < image.acknowledged:
        return "lost an acknowledged commit"
    if len(blocks) > image.begun:
        return "has a commit that nobody began"
    there = commits[: len(blocks)]
    if blocks != [commit.block for commit in there]:
        return "has another block"
    revisions = [found for commit in there for found in commit.revisions]
    if list(storage.revisions(TABLE)) != sorted(revisions, key=lambda r: r.document_id):
        return "has other revisions"
    entries = Counter(entry for commit in there for entry in commit.index_entries)
    found = Counter(e for entry in entries for e in storage.lookup(entry.index_id, entry.key))
    if found != entries:
        return "has other index entries"
    head = blocks[-1] if blocks else None
    if len(commits) > len(blocks):
        storage.append(commits[len(blocks)])
        head = commits[len(blocks)].block
    return "sound" if storage.head() == head else "cannot be appended to"


def cut(
    folder: Path,
    seed: int,
    count: int,
    *,
    synchronous: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Counter[str]:
    """Try `count` images of several recordings; how often each verdict was given."""
    verdicts: Counter[str] = Counter()
    random_ = random.Random(seed)
    while True:
        source, target = folder / f"source-{verdicts.total()}", folder / "image"
        source.mkdir()
        target.mkdir(exist_ok=True)
        recording = record(
            source,
            random_,
            commits=random_.randint(5, 40),
            synchronous=synchronous,
            checkpoint_pages=random_.choice([None, 4, 16]),
            threads=random_.choice([1, 1, 4]),
        )
        for image in images(recording, random_, each=random_.randint(1, 4)):
            verdicts[verdict(image, recording.commits, target)] += 1
            progress(1)
            if verdicts.total() == count:
                return verdicts
