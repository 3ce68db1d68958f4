"""An operator's view: calls of the operations API, signed as IAM wants them."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local import settings
from tests.system.client import Answer, wait_until

REQUEST_TIMEOUT_S = 30
REPLAY_TIMEOUT_S = 120
POLL_S = 0.1
"""Each look is a call of a function, which the emulator takes from what the replay could have."""
SIGNED_SERVICE = "execute-api"


class Operations:
    """One operator; safe to share between threads."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self.url = outputs["operationsApiEndpoint"]
        self._credentials = Credentials("test", "test")
        self._pool = urllib3.PoolManager(maxsize=8, retries=False, timeout=REQUEST_TIMEOUT_S)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
    ) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        if signed:
            request = AWSRequest(method, self.url + path, sent, data)
            SigV4Auth(self._credentials, SIGNED_SERVICE, settings.region()).add_auth(request)
            sent = dict(request.headers.items())
        response = self._pool.request(method, self.url + path, body=data, headers=sent)
        text = response.data.decode()
        return Answer(response.status, response.headers, json.loads(text) if text else None)

    def start(self, target: str, *, key: str | None = None, **more: Any) -> Answer:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.call("POST", "/replays", {"target": target, **more}, headers)

    def read(self, replay_id: str) -> Any:
        answer = self.call("GET", f"/replays/{replay_id}")
        assert answer.status == 200, answer.body
        return answer.body

    def entries(self, replay_id: str) -> dict[str, Any]:
        """What the replay wrote into the replay table, by ad id."""
        found: dict[str, Any] = {}
        query: dict[str, Any] = {"limit": 100}
        while True:
            answer = self.call("GET", f"/replays/{replay_id}/ads?{urlencode(query)}")
            assert answer.status == 200, answer.body
            found |= {ad["adId"]: ad for ad in answer.body["items"]}
            if answer.body["next"] is None:
                return found
            query["cursor"] = answer.body["next"]

    def wait(self, replay_id: str, timeout_s: float = REPLAY_TIMEOUT_S) -> Any:
        """The replay once nothing of it is under way."""
        wait_until(
            lambda: self.read(replay_id)["status"] in ("SUCCEEDED", "FAILED", "CANCELLED"),
            timeout_s,
            POLL_S,
        )
        return self.read(replay_id)

    def replay(self, target: str, **more: Any) -> Any:
        """Have it replayed, to the end."""
        started = self.start(target, **more)
        assert started.status == 202, started.body
        return self.wait(started.body["replayId"])
