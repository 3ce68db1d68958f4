"""Signatures of the page: those that botocore makes for the same request."""

import random
from typing import Any
from urllib.parse import quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from playwright.sync_api import Page

from tests.page.modules import Modules

REQUESTS = 60
SIGN = """
  const { signed } = await load("signature");
  return Promise.all(given.map(async ({ url, now, ...request }) => {
    const headers = await signed({ ...request, url: new URL(url), now: new Date(now) });
    return headers.authorization;
  }));
"""
ALPHABET = "abcXYZ019-._~ /+=&?%#:@!$'()*,;äß€😀"


def text(chance: random.Random, longest: int = 12) -> str:
    return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(1, longest)))


def request(chance: random.Random) -> dict[str, Any]:
    """A call as the page makes them: parts of paths and queries are any text, encoded."""
    parts = [quote(text(chance), safe="") for _ in range(chance.randrange(1, 5))]
    query = [(text(chance), text(chance)) for _ in range(chance.randrange(4))]
    keys = {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": text(chance, 40)}
    headers = {"content-type": "application/json", "idempotency-key": f"k  {chance.random()} "}
    return {
        "method": chance.choice(["GET", "POST", "DELETE"]),
        "url": f"https://abc.execute-api.eu-west-1.amazonaws.com/{'/'.join(parts)}"
        + (f"?{urlencode(query, quote_via=quote)}" if query else ""),
        "headers": headers if chance.random() < 0.5 else {},
        "body": text(chance, 200) if chance.random() < 0.5 else "",
        "keys": keys
        | ({"sessionToken": text(chance, 80).strip()} if chance.random() < 0.5 else {}),
        "region": "eu-west-1",
        "service": "execute-api",
        "now": f"2026-0{chance.randrange(1, 10)}-01T02:03:04.567Z",
    }


def expected(given: dict[str, Any]) -> str:
    """The header by botocore, which takes the time from its clock."""
    keys = given["keys"]
    token = keys.get("sessionToken")
    time = given["now"][:19].replace("-", "").replace(":", "") + "Z"
    headers = {**given["headers"], "X-Amz-Date": time}
    if token:
        headers["X-Amz-Security-Token"] = token
    sent = AWSRequest(given["method"], given["url"], headers, given["body"].encode())
    sent.context["timestamp"] = time
    signer = SigV4Auth(
        Credentials(keys["accessKeyId"], keys["secretAccessKey"], token),
        given["service"],
        given["region"],
    )
    canonical = signer.canonical_request(sent)
    signature = signer.signature(signer.string_to_sign(sent, canonical), sent)
    names = signer.signed_headers(signer.headers_to_sign(sent))
    scope = signer.scope(sent)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def test_signatures_are_those_of_botocore(tab: Page, url: str) -> None:
    chance = random.Random(20261123)
    requests = [request(chance) for _ in range(REQUESTS)]
    found = Modules(tab, url).run(SIGN, requests)
    assert found == [expected(one) for one in requests]
