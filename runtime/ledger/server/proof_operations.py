"""The control plane's operations that prove a journal: its digest, its blocks, its revisions."""

from collections.abc import Mapping
from typing import Any, cast

from runtime.ledger import ion
from runtime.ledger.engine import Digest, Ledger
from runtime.ledger.errors import IonError, StatementError
from runtime.ledger.server.arns import LEDGER
from runtime.ledger.server.errors import (
    InvalidParameterError,
    ResourceNotFoundError,
    ResourcePreconditionNotMetError,
)

Parameters = Mapping[str, Any]


class ProofOperations:
    """GetDigest, GetBlock, GetRevision, and GetConsistencyProof, which QLDB did not have."""

    def __init__(self, ledgers: Mapping[str, Ledger]) -> None:
        """Take the active ledgers by name."""
        self._ledgers = ledgers

    def get_digest(self, parameters: Parameters) -> dict[str, Any]:
        """GetDigest: of the whole journal as it is now."""
        return _shown(self._digest(parameters["Name"]))

    def get_block(self, parameters: Parameters) -> dict[str, Any]:
        """GetBlock, with a proof when a digest's tip is given."""
        sequence_no, tip = self._addresses(parameters)
        block, proof = self._ledger(parameters["Name"]).block(sequence_no, tip)
        answer = {"Block": _text(block)}
        return answer if proof is None else {**answer, "Proof": _text(proof)}

    def get_revision(self, parameters: Parameters) -> dict[str, Any]:
        """GetRevision, with a proof when a digest's tip is given."""
        sequence_no, tip = self._addresses(parameters)
        ledger = self._ledger(parameters["Name"])
        try:
            revision, proof = ledger.revision(sequence_no, parameters["DocumentId"], tip)
        except StatementError as error:
            raise InvalidParameterError(str(error), "DocumentId") from error
        answer = {"Revision": _text(revision)}
        return answer if proof is None else {**answer, "Proof": _text(proof)}

    def get_consistency_proof(self, parameters: Parameters) -> dict[str, Any]:
        """GetConsistencyProof: from the digest at one tip to that at another, else the newest."""
        name = parameters["Name"]
        newest = self._digest(name)
        old = _sequence_no(parameters["OldDigestTipAddress"], "OldDigestTipAddress", newest)
        tip = newest.sequence_no
        if "DigestTipAddress" in parameters:
            tip = _sequence_no(parameters["DigestTipAddress"], "DigestTipAddress", newest)
        if tip < old:
            raise InvalidParameterError(
                f"DigestTipAddress is block {tip}, before block {old}: a ledger grows, so give the"
                " older digest's tip as OldDigestTipAddress",
                "DigestTipAddress",
            )
        ledger = self._ledger(name)
        digest = newest if tip == newest.sequence_no else ledger.digest(tip)
        return {**_shown(digest), "Proof": _text(ledger.consistency(old, tip))}

    def _ledger(self, name: str) -> Ledger:
        ledger = self._ledgers.get(name)
        if ledger is None:
            raise ResourceNotFoundError(f"there is no ledger {name}", LEDGER, name)
        return ledger

    def _digest(self, name: str) -> Digest:
        try:
            return self._ledger(name).digest()
        except StatementError as error:
            raise ResourcePreconditionNotMetError(str(error), LEDGER, name) from error

    def _addresses(self, parameters: Parameters) -> tuple[int, int | None]:
        """The block's and the tip's sequence number, both known to be in this journal."""
        newest = self._digest(parameters["Name"])
        block = _sequence_no(parameters["BlockAddress"], "BlockAddress", newest)
        if "DigestTipAddress" not in parameters:
            return block, None
        tip = _sequence_no(parameters["DigestTipAddress"], "DigestTipAddress", newest)
        if tip < block:
            raise InvalidParameterError(
                f"DigestTipAddress is block {tip}, before block {block}: a digest proves only the"
                " blocks up to its tip",
                "DigestTipAddress",
            )
        return block, tip


def _sequence_no(holder: Mapping[str, Any], where: str, newest: Digest) -> int:
    if "IonText" not in holder:
        raise InvalidParameterError(f"{where}.IonText is missing", where)
    try:
        address = ion.parse(holder["IonText"])
    except IonError as error:
        raise InvalidParameterError(f"{where} is not Ion text: {error}", where) from error
    fields = cast("Mapping[str, Any]", address if isinstance(address, Mapping) else {})
    strand_id, sequence_no = fields.get("strandId"), fields.get("sequenceNo")
    if not isinstance(strand_id, str) or not isinstance(sequence_no, int):
        raise InvalidParameterError(
            f'{where} must read {{strandId: "…", sequenceNo: N}}, not {holder["IonText"][:200]}',
            where,
        )
    if str(strand_id) != newest.strand_id or not 0 <= sequence_no <= newest.sequence_no:
        raise InvalidParameterError(
            f"{where}: strand {strand_id[:100]} has no block {sequence_no}; this ledger's strand is"
            f" {newest.strand_id}, its blocks are 0 to {newest.sequence_no}",
            where,
        )
    return int(sequence_no)


def _shown(digest: Digest) -> dict[str, Any]:
    tip = {"strandId": digest.strand_id, "sequenceNo": digest.sequence_no}
    return {"Digest": digest.value, "DigestTipAddress": _text(tip)}


def _text(value: Any) -> dict[str, str]:
    return {"IonText": ion.text(value)}
