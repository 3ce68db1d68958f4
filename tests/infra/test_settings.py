"""Settings: defaults, every kind of fault, and all faults told at once."""

import dataclasses
import json
import re
from typing import Any

import pytest
import yaml

from infra.errors import SettingsError
from infra.packages import ROOT
from infra.settings import Settings, read
from local.engine import Cloud, config_of, run

PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
FIELDS_OF_THE_STACK = {"project", "stack", "region"}


def settings(stack: str = "dev", **changes: str) -> Settings:
    found: list[Settings] = []
    config = {f"adledger:{key}": value for key, value in changes.items()}
    run(ROOT, stack, Cloud(), program=lambda: found.append(read()), config=config)
    return found[0]


def faults(stack: str = "dev", **changes: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        settings(stack, **changes)
    for fault in caught.value.faults:
        assert fault in str(caught.value)
    return caught.value.faults


def camel(name: str) -> str:
    return re.sub("_([a-z])", lambda match: match[1].upper(), name)


def test_every_key_is_declared_typed_defaulted_and_described() -> None:
    declared = {key: entry for key, entry in PROJECT["config"].items() if ":" not in key}
    for key, entry in declared.items():
        assert {"type", "default", "description"} <= set(entry), key
        assert entry["description"].endswith("."), key
    fields = {field.name for field in dataclasses.fields(Settings)} - FIELDS_OF_THE_STACK
    assert set(declared) == {camel(name) for name in fields}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stacks_file_says_only_what_it_changes(stack: str) -> None:
    chosen = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    assert chosen.pop("pulumi:disable-default-providers") == ["aws"]
    for key, value in chosen.items():
        assert PROJECT["config"][key.removeprefix("adledger:")]["default"] != value, key


def test_the_defaults_are_safe() -> None:
    read_settings = settings("prod")
    assert read_settings.retain is True
    assert read_settings.tracing is True
    assert read_settings.search_scheme == "https"
    assert read_settings.recovery_days == 35
    assert (read_settings.project, read_settings.stack) == ("adledger", "prod")
    assert read_settings.region == "eu-west-1"


def test_lists_and_maps_are_read() -> None:
    read_settings = settings(
        accountIds='["123456789012"]', tags='{"owner": "ads"}', corsOrigins='["https://a.example"]'
    )
    assert read_settings.account_ids == ("123456789012",)
    assert read_settings.tags == {"owner": "ads"}
    assert read_settings.cors_origins == ("https://a.example",)


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings().retain = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("recoveryDays", "36", "choose from 1 to 35"),
        ("recoveryDays", "0", "choose from 1 to 35"),
        ("ledgerShards", "65", "choose from 1 to 64"),
        ("ledgerShards", "two", "give a whole number"),
        ("lambdaRuntime", "nodejs20.x", "choose from python3.11, "),
        ("lambdaArchitecture", "sparc", "choose from arm64, x86_64"),
        ("retain", "perhaps", "give true or false"),
        ("tracing", "", "give true or false"),
        ("ledgerName", "", "pulumi config set ledgerName"),
        ("tags", "[1]", "give a map from strings to strings"),
        ("tags", '{"a": 1}', "give a map from strings to strings"),
        ("tags", "{", "give a map of strings"),
        ("corsOrigins", "{}", "give a list of strings"),
        ("corsOrigins", "[1]", "give a list of strings"),
        ("logLevel", "LOUD", "choose from DEBUG, INFO, WARNING, ERROR"),
        ("logRetentionDays", "8", "choose from 1, 3, 5, 7, 14"),
        ("searchScheme", "http", "use https"),
        ("searchScheme", "gopher", "choose from https, http"),
        ("searchInstances", "4", "give a multiple of 3"),
        ("apiTimeoutS", "29", "choose from 1 to 25"),
        ("batchWindowS", "301", "choose from 0 to 300"),
        ("streamTimeoutS", "901", "choose from 1 to 900"),
        ("recordAgeS", "86400", "choose from 60 to 86000"),
        ("eventWindowS", "301", "choose from 0 to 300"),
        ("eventArchiveDays", "0", "choose from 1 to 3650"),
        ("eventSchemas", "perhaps", "give true or false"),
        ("partnerQueue", "perhaps", "give true or false"),
        ("layerPlatform", "x86_64-manylinux2014", "for arm64 it begins with aarch64-"),
        ("layerPythonVersion", "3.12", "for python3.13 it is 3.13"),
    ],
)
def test_a_fault_names_its_key_its_value_and_the_remedy(key: str, value: str, remedy: str) -> None:
    (fault,) = faults(**{key: value})
    assert fault.startswith(f"adledger:{key} is")
    assert remedy in fault


@pytest.mark.parametrize("account", ["12345678901", "1234567890123", "*", "arn:aws:iam::1:root"])
def test_consumers_are_named_by_their_accounts(account: str) -> None:
    assert settings(eventConsumers='["111122223333"]').event_consumers == ("111122223333",)
    (fault,) = faults(eventConsumers=json.dumps(["111122223333", account]))
    assert fault == f"adledger:eventConsumers has {account!r}; give account ids of 12 digits"


def test_a_record_outlives_one_try() -> None:
    (fault,) = faults(recordAgeS="600", streamTimeoutS="600")
    assert fault.startswith("adledger:streamTimeoutS is not below recordAgeS")


def test_all_faults_are_told_at_once() -> None:
    found = faults(retain="no way", recoveryDays="99", logLevel="LOUD", corsOrigins="1")
    assert [fault.split()[0] for fault in found] == [
        "adledger:retain",
        "adledger:recoveryDays",
        "adledger:corsOrigins",
        "adledger:logLevel",
    ]


def test_faults_between_values_are_told_at_once_too() -> None:
    found = faults(layerPythonVersion="3.11", logRetentionDays="2", searchScheme="http")
    assert len(found) == 3


def test_the_embedded_stack_may_run_on_this_host() -> None:
    found: list[Settings] = []
    host = {
        "adledger:lambdaArchitecture": "x86_64",
        "adledger:layerPlatform": "x86_64-unknown-linux-gnu",
        "adledger:layerPythonVersion": "3.11",
    }
    stack_file = ROOT / "local" / "Pulumi.local.yaml"
    run(
        *(ROOT, "local", Cloud()),
        program=lambda: found.append(read()),
        config=host,
        stack_file=stack_file,
    )
    assert found[0].search_scheme == "http"
    assert found[0].retain is False
    _, values, _ = config_of(ROOT, "local", stack_file)
    assert json.loads(values["pulumi:disable-default-providers"]) == ["aws"]


@pytest.mark.parametrize("schedule", ["monthly", "cron()", "at(2026-01-01T00:00:00)"])
def test_a_snapshot_schedule_comes_again_and_again(schedule: str) -> None:
    (fault,) = faults(snapshotSchedule=schedule)
    assert "give cron(...) or rate(...)" in fault


def test_what_the_next_snapshot_reads_is_not_put_away_before() -> None:
    (fault,) = faults(snapshotArchiveClass="GLACIER", snapshotArchiveDays="30")
    assert "adledger:snapshotArchiveDays is 30; give 45 or more" in fault
    assert settings(snapshotArchiveClass="GLACIER").snapshot_archive_days == 90
    assert settings(snapshotArchiveDays="30").snapshot_archive_class == "GLACIER_IR"


def test_snapshots_are_reached_without_tls_in_the_embedded_stack_alone() -> None:
    (fault,) = faults(snapshotTlsOnly="false")
    assert "adledger:snapshotTlsOnly is false; that is for the stack local" in fault
