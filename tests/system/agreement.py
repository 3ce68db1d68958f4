"""Whether ledger, state table and search index say the same of every ad."""

import json
from collections.abc import Mapping
from typing import Any

import urllib3

from runtime.ledger.ion import decode
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.verify import verify_blocks

LEDGER = "ads-0"
SEARCH_PAGE = 5_000
Versions = dict[str, tuple[int, bool, str | None]]
"""By ad id: version, whether deleted, exact price."""


def ledger_versions(dynamodb: Any, table: str) -> Versions:
    """The newest version of every ad by the journal itself, whose whole chain is verified."""
    storage = DynamoDbStorage(dynamodb, table, LEDGER)
    blocks = [block.ion for block in storage.blocks(0)]
    verify_blocks(blocks)
    newest: Versions = {}
    for block in map(decode, blocks):
        documents = block["transactionInfo"].get("documents") or {}
        for revision in block.get("revisions") or ():
            metadata = revision["metadata"]
            ad_id, version = str(metadata["id"]), int(metadata["version"])
            if str(documents[ad_id]["tableName"]) != "Ads":
                continue
            expected = newest[ad_id][0] + 1 if ad_id in newest else 0
            assert version == expected, f"{ad_id} goes from {expected - 1} to {version}"
            data = revision.get("data")
            price = None if data is None else f"{data['price']:f}"
            newest[ad_id] = (version, data is None, price)
    return newest


def state_versions(dynamodb: Any, table: str) -> Versions:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {
        item["adId"]["S"]: (
            int(item["version"]["N"]),
            item.get("deleted", {}).get("BOOL", False),
            item.get("price", {}).get("S"),
        )
        for page in pages
        for item in page["Items"]
    }


def search_versions(endpoint: str, index: str = "ads") -> Versions:
    pool = urllib3.PoolManager()
    pool.request("POST", f"{endpoint}/{index}/_refresh")
    body: dict[str, Any] = {
        "size": SEARCH_PAGE,
        "query": {"match_all": {}},
        "version": True,
        "sort": [{"adId": "asc"}],
    }
    found: Versions = {}
    while True:
        response = pool.request(
            "POST",
            f"{endpoint}/{index}/_search",
            body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        hits = json.loads(response.data)["hits"]["hits"]
        for hit in hits:
            source = hit["_source"]
            state = (hit["_version"] - 1, source.get("deleted", False), source.get("price"))
            found[hit["_id"]] = state
        if len(hits) < SEARCH_PAGE:
            return found
        body["search_after"] = hits[-1]["sort"]


def disagreements(outputs: Mapping[str, str], dynamodb: Any) -> list[str]:
    ledger = ledger_versions(dynamodb, outputs["journalTableName"])
    found: list[str] = []
    for name, other in (
        ("state", state_versions(dynamodb, outputs["stateTableName"])),
        ("search", search_versions(outputs["searchEndpoint"])),
    ):
        found.extend(
            f"{ad_id}: ledger {ledger.get(ad_id)}, {name} {other.get(ad_id)}"
            for ad_id in sorted(ledger.keys() | other.keys())
            if ledger.get(ad_id) != other.get(ad_id)
        )
    return found
