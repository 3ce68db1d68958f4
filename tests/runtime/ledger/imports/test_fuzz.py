"""Whatever an export's objects hold: its blocks as they were up to a fault that is named."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger.errors import LedgerError
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.imports.errors import DamagedExportError
from tests.fakes import MemoryStorage
from tests.fuzzing import changed, effort
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.imports.importing import contents, import_all
from tests.runtime.ledger.imports.test_damage import small_export

FUZZ = effort(60)
EXPORTS = {form: small_export(form) for form in ("ION_TEXT", "ION_BINARY")}
FORMS = st.sampled_from(sorted(EXPORTS))


def imported(destination: MemoryDestination) -> tuple[list[object], LedgerError | None]:
    copy = MemoryStorage()
    try:
        import_all(destination, copy)
    except LedgerError as error:
        return list(copy.blocks(0)), error
    return list(copy.blocks(0)), None


def check(form: str, destination: MemoryDestination) -> LedgerError | None:
    original = contents(EXPORTS[form][0])[1]
    blocks, error = imported(destination)
    assert blocks == original[: len(blocks)]
    assert error is not None or len(blocks) == len(original)
    return error


def copied(form: str) -> MemoryDestination:
    destination = MemoryDestination()
    destination.objects = dict(EXPORTS[form][1].objects)
    return destination


@FUZZ
@given(FORMS, st.data(), st.integers(0), st.integers(1, 6))
def test_an_object_with_bytes_changed(
    form: str, data: st.DataObject, seed: int, changes: int
) -> None:
    destination = copied(form)
    key = data.draw(st.sampled_from(sorted(destination.objects)))
    destination.objects[key] = changed(destination.objects[key], seed, changes)
    error = check(form, destination)
    if isinstance(error, DamagedExportError):
        assert error.key in str(error)


@FUZZ
@given(FORMS, st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_for_the_blocks(form: str, data: bytes) -> None:
    destination = copied(form)
    manifest = find_final_manifest(destination, "journal")
    key, _ = ExportReader(destination, manifest).objects[0]
    destination.objects[key] = data
    error = check(form, destination)
    assert error is not None
    assert key in str(error)


@FUZZ
@given(FORMS, st.data())
def test_an_object_that_is_gone_or_another(form: str, data: st.DataObject) -> None:
    destination = copied(form)
    keys = sorted(destination.objects)
    key, other = data.draw(st.sampled_from(keys)), data.draw(st.none() | st.sampled_from(keys))
    content = None if other is None else destination.objects[other]
    if content is None:
        del destination.objects[key]
    else:
        destination.objects[key] = content
    check(form, destination)
