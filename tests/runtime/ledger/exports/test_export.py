"""Exports have QLDB's layout, hold exactly the blocks asked for, and survive any death."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.exports.errors import (
    DestinationError,
    DestinationUnavailableError,
    FormatError,
)
from runtime.ledger.exports.export import PUT_ATTEMPTS_MAX, Export
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader
from runtime.ledger.exports.selection import SETTLE_S
from runtime.ledger.storage.port import Commit, JournalStorage
from tests.fakes import MemoryStorage
from tests.memory_destination import FailingDestination, MemoryDestination
from tests.runtime.ledger.exports.exporting import (
    END,
    EXPORT_ID,
    OBJECT_BYTES,
    at_once,
    busy_ledger,
    export,
    request,
)
from tests.runtime.ledger.ledgers import STORAGES, Clock, insert, storage_of

LATER = END + timedelta(days=1)
FORMATS = ("ION_TEXT", "ION_BINARY", "JSON")


@pytest.fixture(scope="module")
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    busy_ledger(storage)
    return storage


def exported(storage: JournalStorage, **asked: Any) -> MemoryDestination:
    destination = MemoryDestination()
    export(storage, destination, **asked)
    return destination


def read(destination: MemoryDestination, name: str) -> list[Any]:
    """What the object or manifest of this ending holds."""
    [key] = [key for key in destination.objects if key.endswith(name)]
    return list(ion.stream(destination.objects[key]))


def data_keys(destination: MemoryDestination) -> list[str]:
    [manifest] = read(destination, ".completed.manifest")
    return [str(key) for key in manifest["keys"]]


def data_blocks(destination: MemoryDestination) -> list[Any]:
    return [block for key in data_keys(destination) for block in ion.stream(destination.get(key))]


def test_the_manifests_say_what_was_asked_and_what_there_is(storage: MemoryStorage) -> None:
    destination = exported(storage, prefix="journalExport", output_format="ION_TEXT")
    strand = ion.decode(next(storage.blocks(0)).ion)["blockAddress"]["strandId"]
    started = destination.get(f"journalExport/{EXPORT_ID}.started.manifest").decode()
    assert started == (
        f'{{ledgerName:"ads-0",exportId:"{EXPORT_ID}",inclusiveStartTime:2030-01-01T00:00:00.000Z,'
        'exclusiveEndTime:2040-01-01T00:00:00.000Z,bucket:"bucket",prefix:"journalExport",'
        'objectEncryptionType:"NO_ENCRYPTION",outputFormat:"ION_TEXT"}\n'
    )
    final_key = f"journalExport/{EXPORT_ID}.{strand}.completed.manifest"
    [manifest] = ion.stream(destination.get(final_key))
    assert list(manifest) == ["keys"]
    assert destination.puts == [
        f"journalExport/{EXPORT_ID}.started.manifest",
        *manifest["keys"],
        final_key,
    ]


def test_a_format_that_was_not_asked_for_is_not_in_the_manifest(storage: MemoryStorage) -> None:
    [started] = read(exported(storage), ".started.manifest")
    assert "outputFormat" not in started
    assert data_blocks(exported(storage)) == data_blocks(
        exported(storage, output_format="ION_TEXT")
    )


def test_an_unknown_format_is_refused(storage: MemoryStorage) -> None:
    with pytest.raises(FormatError, match="XML"):
        exported(storage, output_format="XML")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("prefix", ["", "a/", "a/b"])
def test_it_is_read_as_programs_for_qldb_read_it(
    storage: MemoryStorage, form: str, prefix: str
) -> None:
    destination = exported(storage, prefix=prefix, output_format=form)
    # They put prefix and id together as they were asked for, so they end the prefix with a slash.
    asked = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    assert f"{asked}{EXPORT_ID}.started.manifest" in destination.objects
    completed = re.compile(rf"{asked}{EXPORT_ID}\.\w{{22}}\.completed\.manifest")
    [manifest_key] = [key for key in destination.objects if completed.fullmatch(key)]
    keys = [str(key) for key in next(ion.stream(destination.get(manifest_key)))["keys"]]
    expected = 0
    for key in keys:
        first, last = map(int, key.split(".")[1].split("-"))
        numbers = [
            int(block["blockAddress"]["sequenceNo"]) for block in ion.stream(destination.get(key))
        ]
        assert (numbers[0], numbers[-1]) == (first, last)
        assert numbers == list(range(expected, last + 1))
        expected = last + 1
    assert expected == len(list(storage.blocks(0)))
    suffix = "json" if form == "JSON" else "ion"
    assert all(
        re.fullmatch(rf"{asked}\d{{4}}/\d\d/\d\d/\d\d/\w{{22}}\.\d+-\d+\.{suffix}", k) for k in keys
    )


def test_objects_are_of_one_hour_and_bounded(storage: MemoryStorage) -> None:
    destination = exported(storage, output_format="ION_BINARY")
    lengths = {}
    for key in data_keys(destination):
        blocks = list(ion.stream(destination.get(key)))
        hours = {block["blockTimestamp"].strftime("%Y/%m/%d/%H") for block in blocks}
        assert hours == {"/".join(key.split("/")[1:5])}
        numbers = [int(block["blockAddress"]["sequenceNo"]) for block in blocks]
        size = sum(len(stored.ion) for stored in storage.blocks(numbers[0], numbers[-1]))
        assert size <= OBJECT_BYTES or len(blocks) == 1
        lengths[key] = len(blocks)
    assert max(lengths.values()) > 1
    assert len({key.rpartition("/")[0] for key in lengths}) == 2


def test_all_formats_hold_the_same_blocks_in_the_same_objects(storage: MemoryStorage) -> None:
    text, binary, lines = (exported(storage, output_format=form) for form in FORMATS)
    assert data_keys(text) == data_keys(binary)
    assert [key.replace(".json", ".ion") for key in data_keys(lines)] == data_keys(text)
    assert [ion.encode(block) for block in data_blocks(text)] == [
        ion.encode(block) for block in data_blocks(binary)
    ]
    written = [
        json.loads(line)
        for key in data_keys(lines)
        for line in lines.get(key).decode().splitlines()
    ]
    assert [plain(block) for block in data_blocks(text)] == written


def plain(value: Any) -> Any:
    """What JSON makes of a block of this test: its types are few."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return ion.text(value)
    if hasattr(value, "items"):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return str(value) if isinstance(value, str) else int(value)


@pytest.mark.parametrize("form", FORMATS)
def test_content_types_tell_the_format(storage: MemoryStorage, form: str) -> None:
    destination = exported(storage, output_format=form)
    [content_type] = set(destination.content_types.values())
    assert (
        content_type
        == {
            "ION_TEXT": "text/plain; charset=utf-8",
            "ION_BINARY": "application/ion",
            "JSON": "application/json",
        }[form]
    )


def test_definitions_are_shown_as_hashes_alone(storage: MemoryStorage) -> None:
    stored = [ion.decode(block.ion) for block in storage.blocks(0)]
    shown = data_blocks(exported(storage))
    hidden = 0
    for before, after in zip(stored, shown, strict=True):
        for full, revision in zip(before["revisions"], after["revisions"], strict=True):
            table = before["transactionInfo"]["documents"][full["metadata"]["id"]]["tableName"]
            if table == "information_schema.user_tables":
                assert list(revision) == ["hash"]
                assert revision["hash"] == full["hash"]
                hidden += 1
            else:
                assert ion.encode(revision) == ion.encode(full)
        del before["revisions"], after["revisions"]
        assert ion.encode(before) == ion.encode(after)
    assert hidden == 8


@pytest.mark.parametrize("kind", STORAGES)
def test_both_stores_give_the_same(kind: str, tmp_path: Path, storage: MemoryStorage) -> None:
    with storage_of(kind, tmp_path) as copy:
        for block in storage.blocks(0):
            copy.append(Commit(block))
        assert exported(copy).objects == exported(storage).objects


@given(data=st.data())
@settings(deadline=None)
def test_blocks_are_chosen_by_their_timestamps(storage: MemoryStorage, data: st.DataObject) -> None:
    times = sorted({ion.decode(block.ion)["blockTimestamp"] for block in storage.blocks(0)})
    near = st.sampled_from(times).flatmap(
        lambda time: st.sampled_from([-1, 0, 1]).map(lambda ms: time + timedelta(milliseconds=ms))
    )
    start, end = sorted([data.draw(near), data.draw(near)])
    found = data_blocks(exported(storage, inclusive_start=start, exclusive_end=end))
    stored = [ion.decode(block.ion) for block in storage.blocks(0)]
    assert [block["blockAddress"]["sequenceNo"] for block in found] == [
        block["blockAddress"]["sequenceNo"]
        for block in stored
        if start <= block["blockTimestamp"] < end
    ]


def test_a_range_without_blocks_has_a_manifest_without_keys(storage: MemoryStorage) -> None:
    destination = exported(storage, inclusive_start=END - timedelta(days=1))
    assert data_keys(destination) == []
    assert len(destination.objects) == 2


def test_a_journal_without_blocks_has_no_strand_to_end() -> None:
    destination = MemoryDestination()
    key = Export(MemoryStorage(), request(), destination, wait=at_once, now=lambda: LATER).run()
    assert key is None
    assert list(destination.objects) == [f"journal/{EXPORT_ID}.started.manifest"]


class KilledError(Exception):
    """The process died."""


def resumed(storage: JournalStorage, deaths: list[tuple[int, str]]) -> MemoryDestination:
    """Export in as many runs as it takes, dying at these puts before or after their effect."""
    fails: Callable[[int, str], Exception | None] = lambda number, when: (  # noqa: E731
        KilledError() if (number, when) in deaths else None
    )
    destination = FailingDestination(fails)
    positions: list[int] = []
    for _ in range(len(deaths) + 1):
        job = Export(
            storage,
            request(),
            destination,
            wait=at_once,
            now=lambda: LATER,
            object_bytes_max=OBJECT_BYTES,
        )
        try:
            assert job.run(positions[-1] if positions else None, positions.append) is not None
        except KilledError:
            continue
        return destination
    raise AssertionError("a run that did not die did not end")


def test_an_export_killed_at_any_put_ends_the_same(storage: MemoryStorage) -> None:
    whole = exported(storage)
    for number in range(len(whole.puts)):
        for when in ("before", "after"):
            assert resumed(storage, [(number, when)]).objects == whole.objects


@given(deaths=st.sets(st.tuples(st.integers(0, 30), st.sampled_from(["before", "after"]))))
@settings(deadline=None, max_examples=40)
def test_an_export_killed_many_times_ends_the_same(
    storage: MemoryStorage, deaths: set[tuple[int, str]]
) -> None:
    whole = exported(storage)
    destination = resumed(storage, sorted(deaths))
    assert destination.objects == whole.objects
    finals = [key for key in destination.puts if key.endswith(".completed.manifest")]
    assert len(finals) == 1


def test_what_is_there_is_not_put_again(storage: MemoryStorage) -> None:
    whole = exported(storage)
    destination = resumed(storage, [(4, "before")])
    again = [key for key in whole.puts if destination.puts.count(key) > 1]
    assert again == [f"journal/{EXPORT_ID}.started.manifest"]


def test_what_has_gone_is_put_again(storage: MemoryStorage) -> None:
    whole = exported(storage)
    destination = exported(storage)
    for key in [key for key in destination.puts if "completed" in key or ".2-" in key]:
        del destination.objects[key]
    last = len(list(storage.blocks(0)))
    Export(
        storage,
        request(),
        destination,
        wait=at_once,
        now=lambda: LATER,
        object_bytes_max=OBJECT_BYTES,
    ).run(last)
    assert destination.objects == whole.objects


def test_an_export_that_ended_is_never_written_again(storage: MemoryStorage) -> None:
    copy = MemoryStorage()
    ledger = busy_ledger(copy)
    destination = exported(copy)
    before = dict(destination.objects)
    insert(ledger, n=1)
    export(copy, destination)
    assert destination.objects == before


def test_a_silent_destination_is_tried_again(storage: MemoryStorage) -> None:
    silent = DestinationUnavailableError("slow down")
    waits: list[float] = []
    destination = FailingDestination(
        lambda number, when: silent if when == "before" and number % PUT_ATTEMPTS_MAX else None
    )

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    Export(storage, request(), destination, wait=wait, now=lambda: LATER).run()
    assert len(destination.objects) == 4
    assert max(waits) > 10 * min(wait for wait in waits if wait)


def test_a_destination_that_stays_silent_ends_the_export(storage: MemoryStorage) -> None:
    silent = DestinationUnavailableError("slow down")
    destination = FailingDestination(lambda number, when: silent)
    with pytest.raises(DestinationUnavailableError):
        export(storage, destination)
    assert destination.attempts == PUT_ATTEMPTS_MAX


def test_a_destination_that_refuses_ends_the_export_at_once(storage: MemoryStorage) -> None:
    destination = FailingDestination(lambda number, when: DestinationError("access denied"))
    with pytest.raises(DestinationError, match="access denied"):
        export(storage, destination)
    assert destination.attempts == 1


@pytest.mark.parametrize("steps", range(4))
def test_an_export_stops_when_told_and_goes_on_later(storage: MemoryStorage, steps: int) -> None:
    destination = MemoryDestination()
    left = [steps]

    def wait(_seconds: float) -> bool:
        left[0] -= 1
        return left[0] < 0

    job = Export(
        storage,
        request(),
        destination,
        wait=wait,
        now=lambda: LATER,
        object_bytes_max=OBJECT_BYTES,
    )
    assert job.run() is None
    assert not any("completed" in key for key in destination.objects)
    export(storage, destination)
    assert destination.objects == exported(storage).objects


def test_blocks_that_were_sealed_before_the_end_are_waited_for() -> None:
    clock = Clock()
    storage = MemoryStorage()
    ledger = busy_ledger(storage, clock)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        if seconds:
            waits.append(seconds)
            insert(ledger, n="late")
        return False

    now = clock.moment
    end = now + timedelta(milliseconds=1)
    destination = MemoryDestination()
    Export(storage, request(exclusive_end=end), destination, wait=wait, now=lambda: now).run()
    assert waits == [pytest.approx(SETTLE_S, abs=0.01)]
    assert data_blocks(destination)[-1]["revisions"][0]["data"]["n"] == "late"


def test_a_folder_holds_what_memory_holds(storage: MemoryStorage, tmp_path: Path) -> None:
    folder = FolderDestination(tmp_path)
    manifest = export(storage, folder)
    objects = exported(storage).objects
    assert {key: folder.get(key) for key in folder.keys("")} == objects
    assert len(list(ExportReader(folder, manifest).blocks())) == len(list(storage.blocks(0)))
