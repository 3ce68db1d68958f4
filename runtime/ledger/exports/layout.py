"""Where QLDB puts the objects of an export, and how their keys are read.

    start manifest   {prefix}{exportId}.started.manifest
    final manifest   {prefix}{exportId}.{strandId}.completed.manifest
    data             {prefix}yyyy/mm/dd/hh/{strandId}.{first}-{last}.ion, or .json

A slash is added to a prefix that does not end with one, since the guide's examples have it there
and programs that read exports put prefix and export id together as they are. The hour is that of
the blocks' timestamps, UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_DATA_KEY: Final = re.compile(
    r"(?:.*/)?\d{4}/\d{2}/\d{2}/\d{2}/(?P<strand>[^./]+)\.(?P<first>\d+)-(?P<last>\d+)\.\w+"
)


@dataclass(frozen=True, slots=True)
class DataKey:
    """What the key of a data object says of its blocks."""

    strand_id: str
    first: int
    last: int


def with_slash(prefix: str) -> str:
    """The prefix as keys start with it."""
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def start_manifest_key(prefix: str, export_id: str) -> str:
    """The key of the manifest that is written first."""
    return f"{with_slash(prefix)}{export_id}.started.manifest"


def final_manifest_key(prefix: str, export_id: str, strand_id: str) -> str:
    """The key of the manifest that is written last."""
    return f"{with_slash(prefix)}{export_id}.{strand_id}.completed.manifest"


def data_key(prefix: str, moment: datetime, blocks: DataKey, suffix: str) -> str:
    """The key of the object that holds these blocks of one hour."""
    hour = moment.astimezone(UTC).strftime("%Y/%m/%d/%H")
    name = f"{blocks.strand_id}.{blocks.first}-{blocks.last}.{suffix}"
    return f"{with_slash(prefix)}{hour}/{name}"


def parsed(key: str) -> DataKey | None:
    """What a key says of its object's blocks; None for one that is no data object's."""
    match = _DATA_KEY.fullmatch(key)
    if match is None:
        return None
    return DataKey(match["strand"], int(match["first"]), int(match["last"]))
