"""Many clients and failing projectors: ledger, state and search agree in the end."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.stack import Stack
from tests.system.agreement import disagreements
from tests.system.client import AD, Answer, Api, wait_until

CLIENTS = 8
ADS = 500
SEED = 20
FAULTS_MIN = 20
"""Of either kind: fewer would show nothing."""
TRIES_MAX = 10
AGREE_TIMEOUT_S = 90

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def patient(call: Callable[[], Answer]) -> Answer:
    """Ask again when told to: too many were at the ledger, and nothing was recorded."""
    for _ in range(TRIES_MAX):
        answer = call()
        if answer.status not in (409, 503):
            break
        time.sleep(float(answer.headers.get("Retry-After", 1)))
    return answer


def live(api: Api, publisher: str, number: int) -> str:
    """Create an ad, change it a few times and delete every third; all answers are checked."""
    chance = random.Random(SEED + number)
    ad = {**AD, "adTitle": f"ad {number}"}
    key = {"Idempotency-Key": f"{SEED}-{number}"}
    created = patient(lambda: api.create(publisher, ad, **key))
    assert created.status == 201, created.body
    ad_id = created.body["adId"]
    for version in range(1, 1 + chance.randrange(3)):
        changed = patient(lambda v=version: api.change(publisher, ad_id, {"price": v}))
        assert (changed.status, changed.body["version"]) == (200, version), changed.body
    if number % 3 == 0:
        assert patient(lambda: api.delete(publisher, ad_id)).status == 204
    return ad_id


def faults_told(stack: Stack) -> list[int]:
    """How often the logs tell of each kind of failure on purpose."""
    told = "".join(path.read_text(errors="replace") for path in stack.home.logs.glob("*.log"))
    return [told.count(f"{kind} (on purpose)") for kind in ("not delivered", "answer was lost")]


def test_everything_agrees_after_failures(
    faulty_projectors: Callable[[float], Any],
    stack: Stack,
    api: Api,
    outputs: dict[str, str],
    dynamodb: Any,
) -> None:
    with faulty_projectors(0.2), ThreadPoolExecutor(CLIENTS) as clients:
        ids = list(clients.map(lambda n: live(api, f"converging-{n % CLIENTS}", n), range(ADS)))
        assert len(set(ids)) == ADS
        wait_until(lambda: disagreements(outputs, dynamodb) == [], AGREE_TIMEOUT_S)
    assert disagreements(outputs, dynamodb) == []
    assert min(faults_told(stack)) >= FAULTS_MIN


def test_two_clients_change_the_same_ad(api: Api) -> None:
    ad_id = api.create("contended").body["adId"]
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(
            clients.map(lambda n: api.change("contended", ad_id, {"price": n + 1}), range(40))
        )
    assert {answer.status for answer in answers} <= {200, 409}
    accepted = [answer for answer in answers if answer.status == 200]
    refused = {answer.body["type"] for answer in answers if answer.status == 409}
    assert refused <= {"urn:adledger:problem:conflict"}
    assert len(accepted) >= CLIENTS
    assert sorted(answer.body["version"] for answer in accepted) == list(
        range(1, len(accepted) + 1)
    )
    versions = api.read("contended", ad_id, versions="true").body["items"]
    assert [item["version"] for item in versions] == list(range(len(accepted) + 1))
    prices = {answer.body["version"]: answer.body["price"] for answer in accepted}
    assert {item["version"]: item["price"] for item in versions[1:]} == prices


def test_a_demanded_version_lets_one_client_win(api: Api) -> None:
    ad_id = api.create("duel").body["adId"]
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(
            clients.map(
                lambda n: api.change("duel", ad_id, {"price": n + 1}, **{"If-Match": '"0"'}),
                range(CLIENTS),
            )
        )
    assert sorted(answer.status for answer in answers).count(200) == 1
    assert {answer.status for answer in answers} <= {200, 409, 412}
