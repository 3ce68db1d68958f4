"""What a consumer reads from the stream: Kinesis records to revisions of ads. The hot path."""

from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from amazon.ion import simpleion
from amazon.ion.exceptions import IonException
from amazon.ion.simpleion import IonPyValueModel

from runtime.ads.revision import AdRevision
from runtime.journal.aggregation import RECORD_BYTES_MAX, deaggregate
from runtime.journal.errors import DamagedRecordError, ForeignRecordError, RecordError
from runtime.journal.ion_layout import VERSION_MARKER, is_block_summary
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import check_form

ADS_TABLE = "Ads"

_PLAIN = IonPyValueModel(
    IonPyValueModel.MAY_BE_BARE
    | IonPyValueModel.SYMBOL_AS_TEXT
    | IonPyValueModel.STRUCT_AS_STD_DICT
)
"""Plain dict, str, int, Decimal wherever Ion's own types add nothing: three times as fast."""
_TEXTS = ("publisherId", "adTitle", "adDescription", "currency", "category")
_READ_ERRORS = (IonException, ValueError, OverflowError, SystemError, MemoryError, TypeError)
"""What amazon.ion raises on bytes that are not Ion."""
_SHAPE_ERRORS = (KeyError, TypeError, AttributeError, ValueError)
_SKIPPED = frozenset({"BLOCK_SUMMARY", "CONTROL"})


def revisions(record: Mapping[str, Any]) -> list[AdRevision]:
    """The ads' revisions, in order, of one record of a Kinesis event.

    Records of other tables, block summaries and control records yield nothing. Raises RecordError
    where the record cannot be read.
    """
    return decode(_data(record))


def salvage(record: Mapping[str, Any]) -> list[AdRevision]:
    """What can be read of a record that cannot be read as a whole, in order."""
    found: list[AdRevision] = []
    with suppress(RecordError):
        for one in deaggregate(_data(record)):
            with suppress(RecordError):
                found += _decoded([one])
    return found


def decode(data: bytes) -> list[AdRevision]:
    """The ads' revisions, in order, of one Kinesis record's bytes, aggregated or not."""
    records = deaggregate(data)
    if records == (data,):
        _require_whole(data)  # What comes in an aggregate has passed its checksum.
    return _decoded(records)


def block_revisions(block_ion: bytes) -> list[AdRevision]:
    """The ads' revisions, in order, of a whole journal block (an Ion binary struct).

    Raises RecordError where the bytes are no such block.
    """
    _require_whole(block_ion)
    return sealed_revisions(block_ion)


def sealed_revisions(block_ion: bytes) -> list[AdRevision]:
    """The same, of a block that the ledger's verifier has passed, which leaves no damage."""
    block = _value(block_ion)
    try:
        documents = block["transactionInfo"].get("documents", {})
        found = [
            _of_document(revision)
            for revision in block.get("revisions", ())
            if "metadata" in revision
            and documents.get(revision["metadata"]["id"], {}).get("tableName") == ADS_TABLE
        ]
    except _SHAPE_ERRORS as error:
        raise ForeignRecordError(f"a block is not shaped as QLDB's are: {error!r}") from error
    return [revision for revision in found if revision is not None]


def block_time(block_ion: bytes) -> str:
    """When a journal block was sealed, as AdRevision.tx_time; RecordError as above."""
    _require_whole(block_ion)
    try:
        return _iso(_value(block_ion)["blockTimestamp"])
    except _SHAPE_ERRORS as error:
        raise ForeignRecordError(f"a block is not shaped as QLDB's are: {error!r}") from error


def _decoded(records: Sequence[bytes]) -> list[AdRevision]:
    details = [record for record in records if not is_block_summary(record)]
    found = map(_ad_revision, _values(details))
    return [revision for revision in found if revision is not None]


def _data(record: Mapping[str, Any]) -> bytes:
    try:
        return a2b_base64(record["kinesis"]["data"], strict_mode=True)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedRecordError(f"an event record has no base64 data: {error!r}") from error


def _values(records: Sequence[bytes]) -> Sequence[Any]:
    """One value a record; decoded together, which is quicker, else alone to find the damaged."""
    for record in records:
        _require_ion(record)
    if len(records) == 1:
        return [_value(records[0])]
    try:
        together = _load(b"".join(records))
    except DamagedRecordError:
        together = ()
    if len(together) == len(records):
        return together
    for record in records:
        _require_whole(record)
    return [_value(record) for record in records]


def _require_ion(record: bytes) -> None:
    if not record.startswith(VERSION_MARKER):
        raise ForeignRecordError(
            f"a record of {len(record)} bytes is not Ion binary (it begins {record[:8]!r}): "
            "something other than a QLDB stream writes to this stream"
        )


def _require_whole(record: bytes) -> None:
    _require_ion(record)
    try:
        check_form(record)  # The decoder would not return from some damage.
    except IonError as error:
        raise DamagedRecordError(
            f"a record of {len(record)} bytes is not whole Ion: {error}"
        ) from error


def _value(record: bytes) -> Any:
    values = _load(record)
    if len(values) != 1:
        raise DamagedRecordError(
            f"a record of {len(record)} bytes holds {len(values)} Ion values, not one"
        )
    return values[0]


def _load(stream: bytes) -> Sequence[Any]:
    try:
        return simpleion.loads(
            stream,
            single_value=False,
            text_buffer_size_limit=RECORD_BYTES_MAX,
            value_model=_PLAIN,
        )
    except _READ_ERRORS as error:
        raise DamagedRecordError(
            f"a record of {len(stream)} bytes is not whole Ion: {error!r}"
        ) from error


def _ad_revision(value: Any) -> AdRevision | None:
    try:
        kind = value["recordType"]
        if kind != "REVISION_DETAILS":
            if kind in _SKIPPED:
                return None
            raise ForeignRecordError(f"a record of type {kind!r} is not one of a QLDB stream")
        payload = value["payload"]
        if payload["tableInfo"]["tableName"] != ADS_TABLE:
            return None
        return _of_document(payload["revision"])
    except _SHAPE_ERRORS as error:
        raise ForeignRecordError(f"a record is not shaped as QLDB's are: {error!r}") from error


def _of_document(revision: Mapping[str, Any]) -> AdRevision | None:
    if "dataHash" in revision:  # Redacted, hence superseded: it has no state to project.
        return None
    metadata = revision["metadata"]
    data = revision.get("data")
    return AdRevision(
        metadata["id"],
        metadata["version"],
        _iso(metadata["txTime"]),
        metadata["txId"],
        None if data is None else _fields(data),
    )


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """The document as plain values; raises ForeignRecordError where a field is not an ad's."""
    fields = {name: data[name] for name in _TEXTS}
    for name, text in fields.items():
        if not isinstance(text, str):
            raise ForeignRecordError(f"{name} of an ad is {text!r}, not a string")
    price, tags = data["price"], data["tags"]
    if not isinstance(price, Decimal):
        raise ForeignRecordError(f"price of an ad is {price!r}, not a decimal")
    if not isinstance(tags, list):
        raise ForeignRecordError(f"tags of an ad are {tags!r}, not a list")
    fields["price"] = price
    fields["tags"] = tags
    fields["createdAt"] = _iso(data["createdAt"])
    return fields


def _iso(time: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    text = time.isoformat("T", "milliseconds")
    if text.endswith("+00:00"):
        return text[:-6] + "Z"
    return time.astimezone(UTC).isoformat("T", "milliseconds")[:-6] + "Z"
