"""Which ledgers a data directory holds, what they are set to, and their tags."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.ledger.server.registry_file import RegistryFile

CREATING: Final = "CREATING"
ACTIVE: Final = "ACTIVE"
DELETING: Final = "DELETING"

_COLUMNS: Final = "name, state, created_ms, permissions_mode, deletion_protection, kms_key"
_SELECT: Final = f"SELECT {_COLUMNS} FROM ledger "  # noqa: S608 - constants alone.


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """One ledger as the control plane knows it."""

    name: str
    state: str
    created_at: datetime
    """UTC, milliseconds."""
    permissions_mode: str
    deletion_protection: bool
    kms_key: str
    """As it was given, empty for the default key; nothing is encrypted with it."""


class Registry:
    """The ledgers of one data directory and their tags; durable, for several threads."""

    def __init__(self, file: RegistryFile) -> None:
        """Take the open file; it is not closed with this."""
        self._file = file

    def add(self, record: LedgerRecord, ledgers_max: int) -> str | None:
        """Add a ledger unless something is in the way: "exists", or "full" at `ledgers_max`."""
        with self._file.changing():
            if self.find(record.name) is not None:
                return "exists"
            if self._file.rows("SELECT COUNT(*) FROM ledger")[0][0] >= ledgers_max:
                return "full"
            self._file.rows(
                f"INSERT INTO ledger ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                record.name,
                record.state,
                to_ms(record.created_at),
                record.permissions_mode,
                record.deletion_protection,
                record.kms_key,
            )
        return None

    def find(self, name: str) -> LedgerRecord | None:
        """A ledger by its name, in whatever state."""
        rows = self._file.rows(_SELECT + "WHERE name = ?", name)
        return _record(rows[0]) if rows else None

    def page(self, after: str, size: int) -> list[LedgerRecord]:
        """The next ledgers by name; `after` is the name before them, empty for the first page."""
        rows = self._file.rows(_SELECT + "WHERE name > ? ORDER BY name LIMIT ?", after, size)
        return [_record(row) for row in rows]

    def unfinished(self) -> list[LedgerRecord]:
        """Ledgers whose creation or deletion was interrupted."""
        rows = self._file.rows(_SELECT + "WHERE state <> ? ORDER BY name", ACTIVE)
        return [_record(row) for row in rows]

    def set_state(self, name: str, state: str) -> None:
        """Move a ledger on to another state."""
        with self._file.changing():
            self._file.rows("UPDATE ledger SET state = ? WHERE name = ?", state, name)

    def set_protection(self, name: str, protected: bool | None, kms_key: str | None) -> None:
        """Change what is not None of an active ledger's deletion protection and key."""
        with self._file.changing():
            self._file.rows(
                "UPDATE ledger SET deletion_protection = COALESCE(?, deletion_protection),"
                " kms_key = COALESCE(?, kms_key) WHERE name = ?",
                protected,
                kms_key,
                name,
            )

    def set_permissions_mode(self, name: str, mode: str) -> None:
        """Change a ledger's permissions mode."""
        with self._file.changing():
            self._file.rows("UPDATE ledger SET permissions_mode = ? WHERE name = ?", mode, name)

    def begin_deletion(self, name: str) -> bool:
        """Mark an active, unprotected ledger as being deleted; False when it is not such a one."""
        with self._file.changing():
            return bool(
                self._file.rows(
                    "UPDATE ledger SET state = ? WHERE name = ? AND state = ?"
                    " AND NOT deletion_protection RETURNING name",
                    DELETING,
                    name,
                    ACTIVE,
                )
            )

    def remove(self, name: str, arn: str, under: Iterable[str]) -> None:
        """Forget a ledger, its jobs, its tags, and those of ARNs that start as one of `under`."""
        with self._file.changing():
            self._file.rows("DELETE FROM ledger WHERE name = ?", name)
            self._file.rows("DELETE FROM job WHERE ledger = ?", name)
            self._file.rows("DELETE FROM tag WHERE arn = ?", arn)
            for start in under:
                self._file.rows("DELETE FROM tag WHERE substr(arn, 1, ?) = ?", len(start), start)

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags."""
        rows = self._file.rows("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", arn)
        return dict(rows)

    def tag(self, arn: str, tags: Mapping[str, str], tags_max: int) -> bool:
        """Add tags or change their values; False, and no change, when they would be too many."""
        with self._file.changing():
            if len(self.tags(arn).keys() | tags.keys()) > tags_max:
                return False
            for key, value in tags.items():
                self._file.rows("INSERT OR REPLACE INTO tag VALUES (?, ?, ?)", arn, key, value)
        return True

    def set_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Give a resource these tags and no others."""
        with self._file.changing():
            self._file.rows("DELETE FROM tag WHERE arn = ?", arn)
            for key, value in tags.items():
                self._file.rows("INSERT INTO tag VALUES (?, ?, ?)", arn, key, value)

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags; those that are not there are no matter."""
        with self._file.changing():
            for key in keys:
                self._file.rows("DELETE FROM tag WHERE arn = ? AND key = ?", arn, key)


def open_registry_file(directory: Path) -> RegistryFile:
    """The registry's file of a data directory."""
    return RegistryFile(directory / "registry.sqlite")


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The moment, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _record(row: tuple[str, str, int, str, int, str]) -> LedgerRecord:
    name, state, created_ms, permissions_mode, deletion_protection, kms_key = row
    return LedgerRecord(
        name, state, from_ms(created_ms), permissions_mode, bool(deletion_protection), kms_key
    )
