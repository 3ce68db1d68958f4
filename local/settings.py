"""The embedded stack's config: its file, and what depends on this host."""

import json
import platform
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from local import engine
from local.errors import DeploymentError
from local.home import ROOT

STACK = "local"
STACK_FILE = ROOT / "local" / "Pulumi.local.yaml"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
"""From Python's name of a machine to Lambda's."""
PLATFORMS = {
    ("linux", "x86_64"): "x86_64-manylinux_2_28",
    ("linux", "arm64"): "aarch64-manylinux_2_28",
    ("darwin", "x86_64"): "x86_64-apple-darwin",
    ("darwin", "arm64"): "aarch64-apple-darwin",
}
"""As uv names them, by system and Lambda's architecture."""


def host_config() -> dict[str, str]:
    """Functions run as processes of this host, on this Python. Raises DeploymentError elsewhere."""
    architecture = ARCHITECTURES.get(platform.machine())
    layer_platform = PLATFORMS.get((sys.platform, architecture or ""))
    if architecture is None or layer_platform is None:
        raise DeploymentError(
            f"the embedded stack does not know how to run functions on {sys.platform} "
            f"{platform.machine()}; it knows Linux and macOS on x86_64 and arm64"
        )
    return {
        "adledger:lambdaRuntime": f"python{PYTHON}",
        "adledger:lambdaArchitecture": architecture,
        "adledger:layerPlatform": layer_platform,
        "adledger:layerPythonVersion": PYTHON,
    }


def page_config(origin: str) -> dict[str, str]:
    """The page's calls are let in, and those of no other page."""
    return {"adledger:corsOrigins": json.dumps([origin])}


@cache
def _config(root: Path) -> Mapping[str, str]:
    _, values, _ = engine.config_of(root, STACK, STACK_FILE)
    return {**values, **host_config()}


def region() -> str:
    return _config(ROOT)["aws:region"]


def ledger_names() -> list[str]:
    """The ledgers of the stack, one a shard."""
    config = _config(ROOT)
    shards = int(config["adledger:ledgerShards"])
    return [f"{config['adledger:ledgerName']}-{shard}" for shard in range(shards)]
