"""Proofs of a real ledger, put together from all of its blocks: slow, simple, and not the CLI's."""

from base64 import b64encode
from typing import Any

import simplejson

from runtime.ad_ledger.documents import revision_of
from runtime.ledger import ion, merkle
from runtime.ledger.storage.port import JournalStorage
from runtime.web.ad_bodies import version_body


def proof_of(storage: JournalStorage, ad_id: str, version: int) -> dict[str, Any]:
    """The answer of …/versions/N/proof, as JSON's own types."""
    blocks = [ion.decode(stored.ion) for stored in storage.blocks(0)]
    block, position = next(
        (block, position)
        for block in blocks
        for position, revision in enumerate(block.get("revisions", ()))
        if (revision["metadata"]["id"], revision["metadata"]["version"]) == (ad_id, version)
    )
    number = int(block["blockAddress"]["sequenceNo"])
    entries = [bytes(each) for each in block["entriesHashList"]]
    path = [
        *merkle.path([bytes(each["hash"]) for each in block["revisions"]], position),
        *(each for each in merkle.path(entries, 1) if each),
        *(each for each in [bytes(block["previousBlockHash"])] if each),
        *merkle.path([bytes(each["blockHash"]) for each in blocks], number),
    ]
    revision = block["revisions"][position]
    strand_id = str(block["blockAddress"]["strandId"])
    digest = merkle.root([bytes(each["blockHash"]) for each in blocks])
    proof = {
        "ledger": "ads-0",
        "blockAddress": {"strandId": strand_id, "sequenceNo": number},
        "revision": {"ion": ion.text(revision), "json": version_body(revision_of(revision))},
        "proof": [b64encode(each).decode() for each in path],
        "digest": b64encode(digest).decode(),
        "digestTipAddress": {"strandId": strand_id, "sequenceNo": len(blocks) - 1},
    }
    return simplejson.loads(simplejson.dumps(proof, use_decimal=True), use_decimal=True)
