"""How far each shard of each mapping has been processed, kept so that a kill forgets nothing."""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
create table if not exists checkpoints (
    mapping text not null,
    shard text not null,
    sequence text,
    started_at real,
    finished integer not null default 0,
    primary key (mapping, shard)
) without rowid
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where to go on: after a sequence number or, before there is one, at a time."""

    sequence: str | None
    started_at: float | None
    finished: bool


class Checkpoints:
    """Safe for threads; every change is on disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode=wal")
        self._database.execute(_SCHEMA)

    def read(self, mapping: str, shard: str) -> Checkpoint | None:
        """The checkpoint of a shard; None when this mapping has never begun to read it."""
        with self._lock:
            row = self._database.execute(
                "select sequence, started_at, finished from checkpoints"
                " where mapping = ? and shard = ?",
                (mapping, shard),
            ).fetchone()
        return Checkpoint(row[0], row[1], bool(row[2])) if row else None

    def begin(self, mapping: str, shard: str, started_at: float | None) -> None:
        """Remember that a shard is read from a time on, or from its beginning."""
        self._write(
            "insert or ignore into checkpoints (mapping, shard, started_at) values (?, ?, ?)",
            (mapping, shard, started_at),
        )

    def advance(self, mapping: str, shard: str, sequence: str) -> None:
        """Everything up to this sequence number is processed or discarded."""
        self._write(
            "insert into checkpoints (mapping, shard, sequence) values (?, ?, ?)"
            " on conflict (mapping, shard) do update set sequence = excluded.sequence",
            (mapping, shard, sequence),
        )

    def finish(self, mapping: str, shard: str) -> None:
        """A closed shard is processed to its end: its children may begin."""
        self._write(
            "insert into checkpoints (mapping, shard, finished) values (?, ?, 1)"
            " on conflict (mapping, shard) do update set finished = 1",
            (mapping, shard),
        )

    def known(self, mapping: str) -> bool:
        """Whether this mapping has ever begun to read its stream."""
        with self._lock:
            query = "select 1 from checkpoints where mapping = ? limit 1"
            return self._database.execute(query, (mapping,)).fetchone() is not None

    def forget_all_but(self, mappings: set[str]) -> None:
        """Drop what belongs to mappings that are gone."""
        with self._lock:
            rows = self._database.execute("select distinct mapping from checkpoints").fetchall()
        for (mapping,) in rows:
            if mapping not in mappings:
                self._write("delete from checkpoints where mapping = ?", (mapping,))

    def close(self) -> None:
        self._database.close()

    def _write(self, statement: str, parameters: tuple[object, ...]) -> None:
        with self._lock:
            self._database.execute(statement, parameters)
