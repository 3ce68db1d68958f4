"""QLDB's Node.js driver and SDK, from npm, against the server."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runtime.ledger.limits import Limits
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.server import LedgerServer

HERE = Path(__file__).with_name("node")
CACHE = Path(__file__).resolve().parents[4] / "build" / "node-driver"
INSTALL_TIMEOUT_S = 300
RUN_TIMEOUT_S = 60
LIFETIME_S = 2.0
"""Of a transaction."""

pytestmark = [
    pytest.mark.skipif(
        shutil.which("node") is None or shutil.which("npm") is None,
        reason="node and npm are not installed",
    ),
    pytest.mark.timeout(INSTALL_TIMEOUT_S + RUN_TIMEOUT_S),
]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The driver's packages, installed once for each package.json and moved into place whole."""
    wanted = (HERE / "package.json").read_text()
    installed = CACHE / "package.json"
    if not installed.is_file() or installed.read_text() != wanted:
        install(wanted)
    return CACHE


def install(wanted: str) -> None:
    fresh = CACHE.with_name(f"{CACHE.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / "package.json").write_text(wanted)
    try:
        subprocess.run(
            ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=fresh,
            check=True,
            timeout=INSTALL_TIMEOUT_S,
            capture_output=True,
        )
        shutil.rmtree(CACHE, ignore_errors=True)
        if not CACHE.exists():
            fresh.rename(CACHE)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@pytest.fixture
def seen(modules: Path, tmp_path: Path) -> Any:
    """What the script saw of a fresh server."""
    options = ServerOptions(limits=Limits(transaction_lifetime_s=LIFETIME_S))
    with LedgerServer(tmp_path, options=options) as server:
        ran = subprocess.run(
            ["node", str(HERE / "driver.js")],
            env={
                **os.environ,
                "ENDPOINT": server.url,
                "LIFETIME_MS": str(LIFETIME_S * 1000),
                "NODE_PATH": str(modules / "node_modules"),
            },
            timeout=RUN_TIMEOUT_S,
            capture_output=True,
            text=True,
        )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_the_nodejs_driver_lives_a_documents_life(seen: Any) -> None:
    assert seen["tables"] == ["Vehicle"]
    assert seen["read"] == ['{VIN:"1N4AL11D75C109151",Colour:"silver",Price:90.250}']
    assert seen["left"] == 0
    assert seen["attempts"] == 2
    assert seen["many"] == list(range(440))
    assert [(r["version"], r["colour"], r["owner"], r["deleted"]) for r in seen["history"]] == [
        (0, "silver", None, False),
        (1, "red", None, False),
        (2, "red", "second", False),
        (3, "red", "first", False),
        (4, None, None, True),
    ]
    assert seen["syntax"]["name"] == seen["table"]["name"] == "BadRequestException"
    assert "Nowhere" in seen["table"]["message"]
    assert seen["expired"]["name"] == "InvalidSessionException"
    assert "has expired" in seen["expired"]["message"]
    assert seen["afterExpiry"] == 0
    assert seen["unknown"] == {"name": "ResourceNotFoundException", "status": 404}
    assert seen["digestBytes"] == 32
    assert seen["ledgers"] == 0
