"""The embedded stack's config: what its file and this host say."""

import platform
import sys

import pytest

from local import settings
from local.errors import DeploymentError


def test_functions_run_on_this_python() -> None:
    config = settings.host_config()
    assert config["adledger:lambdaRuntime"] == (
        f"python{sys.version_info.major}.{sys.version_info.minor}"
    )
    assert config["adledger:layerPythonVersion"] in config["adledger:lambdaRuntime"]


@pytest.mark.parametrize(
    ("machine", "system", "architecture", "layer"),
    [
        ("x86_64", "linux", "x86_64", "x86_64-manylinux_2_28"),
        ("aarch64", "linux", "arm64", "aarch64-manylinux_2_28"),
        ("arm64", "darwin", "arm64", "aarch64-apple-darwin"),
    ],
)
def test_the_layer_is_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, machine: str, system: str, architecture: str, layer: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", system)
    config = settings.host_config()
    assert config["adledger:lambdaArchitecture"] == architecture
    assert config["adledger:layerPlatform"] == layer


def test_another_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(DeploymentError, match="riscv64"):
        settings.host_config()


def test_the_ledgers_are_named_after_their_shards() -> None:
    assert settings.ledger_names() == ["ads-0"]
