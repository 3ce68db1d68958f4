"""The two service models that boto3 no longer ships."""

import json
import os
import subprocess
import sys

import pytest
from botocore.exceptions import EndpointResolutionError

from runtime.ledger.server.client import boto3_session
from runtime.ledger.server.service_model import MODELS, control_plane, is_ledger_name
from tests.runtime.ledger.server.process import ROOT
from tests.runtime.ledger.server.serving import CREDENTIALS, Clients


def test_without_an_endpoint_a_client_says_what_is_missing() -> None:
    for service in ("qldb", "qldb-session"):
        client = boto3_session(**CREDENTIALS).client(service)
        call = client.list_ledgers if service == "qldb" else client.send_command
        with pytest.raises(EndpointResolutionError, match="set endpoint_url"):
            call()
        client.close()


def test_the_environment_is_enough_for_programs_of_others(clients: Clients) -> None:
    program = (
        "import boto3, sys\n"
        "client = boto3.client('qldb', endpoint_url=sys.argv[1])\n"
        "print(client.list_ledgers()['Ledgers'])\n"
        "client.close()\n"
    )
    found = subprocess.run(
        [sys.executable, "-m", "runtime.ledger.server.client"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, clients.url],
        env={
            **os.environ,
            "AWS_DATA_PATH": found.stdout.strip(),
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"


def test_every_operation_is_in_the_model_and_every_shape_is_used() -> None:
    model = control_plane()
    assert len(model.operations) == 21
    for path in MODELS.glob("*/*/service-2.json"):
        document = json.loads(path.read_text())
        named = set(_shape_names(document["operations"]))
        while True:
            more = {n for name in named for n in _shape_names(document["shapes"][name])} - named
            if not more:
                break
            named |= more
        assert set(document["shapes"]) == named


def _shape_names(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["shape"]] if isinstance(value.get("shape"), str) else []
        return own + [name for inner in value.values() for name in _shape_names(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in _shape_names(inner)]
    return []


@pytest.mark.parametrize("name", ["a", "vehicle-registration", "1a", "A" * 32])
def test_names_of_ledgers(name: str) -> None:
    assert is_ledger_name(name)


@pytest.mark.parametrize("name", ["", "1", "-a", "a-", "a--b", "a.b", "a\n", "A" * 33])
def test_what_names_no_ledger(name: str) -> None:
    assert not is_ledger_name(name)
