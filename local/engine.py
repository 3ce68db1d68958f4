"""An engine held in memory: runs the Pulumi program in this process and records what it asks for."""

import asyncio
import contextlib
import contextvars
import json
import logging
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc, settings, stack

UNKNOWN = "<unknown>"
SECRET = "<secret>"

Answer = Callable[[dict[str, Any]], dict[str, Any]]
Computed = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Resource:
    type: str
    name: str
    urn: str
    parent: str
    provider: str
    custom: bool
    inputs: dict[str, Any]
    secrets: frozenset[str]  # The top-level inputs that arrived marked secret.
    depends_on: tuple[str, ...]
    protect: bool
    retain: bool


@dataclass
class Plan:
    """What one run of the program asked of the engine."""

    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)  # By URN, components included.
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)

    def of(self, type_: str) -> list[Resource]:
        return [self.resources[urn] for urn in sorted(self.resources) if self.resources[urn].type == type_]

    def one(self, type_: str, name: str) -> Resource:
        (found,) = (resource for resource in self.of(type_) if resource.name == name)
        return found


class Cloud(mocks.Mocks):
    """Answers as the cloud would: an id, a name and an ARN for every resource, and no invoke unasked for."""

    def __init__(self, answers: Mapping[str, Answer] = {}, computed: Mapping[str, Computed] = {}) -> None:
        self.answers = answers
        self.computed = computed

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, args.inputs
        state = {"name": args.name, "arn": f"arn:aws:mock:eu-west-1:123456789012:{args.name}", **args.inputs}
        if args.typ in self.computed:
            state |= self.computed[args.typ](args.name, args.inputs)
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token not in self.answers:
            raise LookupError(f"no answer was given for {args.token}")
        return self.answers[args.token](args.args), []  # A list, not None: the monitor iterates it.


class Recorder(mocks.MockMonitor):
    def __init__(self, cloud: mocks.Mocks) -> None:
        super().__init__(cloud)
        self.plan = Plan()

    def Invoke(self, request):
        response = super().Invoke(request)
        self.plan.invokes.append((request.tok, plain(wire(request.args))))
        return response

    def RegisterResource(self, request):
        response = super().RegisterResource(request)
        if response.urn in self.plan.resources:
            raise ValueError(f"two resources share the URN {response.urn}")
        inputs = wire(request.object)
        self.plan.resources[response.urn] = Resource(
            type=request.type,
            name=request.name,
            urn=response.urn,
            parent=request.parent,
            provider=request.provider,
            custom=request.custom,
            inputs=plain(inputs),
            secrets=frozenset(key for key in inputs if rpc.is_rpc_secret(inputs[key])),
            depends_on=tuple(sorted(request.dependencies)),
            protect=request.protect,
            retain=request.retainOnDelete,
        )
        return response

    def RegisterResourceOutputs(self, request):
        self.plan.outputs[request.urn] = plain(wire(request.outputs), masked=True)
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.plan.exports = self.plan.outputs[request.urn]
        return empty_pb2.Empty()


class Inline(ThreadPoolExecutor):
    """Runs a job where it is submitted: no threads, so no stray event loops and no races."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


class Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def wire(properties) -> dict[str, Any]:
    return rpc.deserialize_properties(properties, keep_unknowns=True)


def plain(value: Any, masked: bool = False) -> Any:
    """Wire values as plain Python: keys sorted, integral floats as ints, secrets opened or masked."""
    if rpc.is_rpc_secret(value):
        return SECRET if masked else plain(value["value"])
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: plain(value[key], masked) for key in sorted(value)}
    if isinstance(value, list):
        return [plain(item, masked) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def config_of(root: Path, stack_name: str) -> tuple[str, dict[str, str], list[str]]:
    """The project's name, its config map as the CLI would hand it over, and the keys of its secrets."""
    project = yaml.safe_load((root / "Pulumi.yaml").read_text())
    settings_file = yaml.safe_load((root / f"Pulumi.{stack_name}.yaml").read_text()) or {}
    declared = {
        key: entry.get("value", entry.get("default")) if isinstance(entry, dict) else entry
        for key, entry in (project.get("config") or {}).items()
    }
    values: dict[str, str] = {}
    secrets: list[str] = []
    for key, value in {**declared, **(settings_file.get("config") or {})}.items():
        if value is None:
            continue
        full = key if ":" in key else f"{project['name']}:{key}"
        if isinstance(value, dict) and value.keys() == {"secure"}:
            secrets.append(full)
            value = SECRET
        values[full] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return project["name"], values, secrets


def run(
    root: Path,
    stack_name: str,
    cloud: mocks.Mocks,
    *,
    preview: bool = False,
    program: Callable[[], Any] | None = None,
    config: Mapping[str, str] = {},
    timeout: float = 60,
) -> Plan:
    """Run the program to its end and return the plan. What it raises, here or in an apply, is raised."""
    project, values, secrets = config_of(root, stack_name)
    recorder = Recorder(cloud)
    complaints = Complaints()
    log = logging.Logger("engine")
    log.addHandler(complaints)

    def main() -> None:
        if program is None:
            runpy.run_path(str(root / "__main__.py"), run_name="__main__")
        else:
            program()

    async def session() -> None:
        asyncio.get_running_loop().set_default_executor(Inline(1))
        pulumi.runtime.set_all_config({**values, **config}, secrets)
        # set_mocks makes a stack, and closes its outputs, when there is none; run_in_stack needs there to be none.
        settings.set_root_resource(mock.sentinel.stack)
        mocks.set_mocks(cloud, project, stack_name, preview, log, recorder, organization="organization")
        settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]
        # A run that failed leaves its tasks in `outputs`.
        settings.SETTINGS.outputs = set()  # pyright: ignore[reportAttributeAccessIssue]
        settings.SETTINGS.root_directory = str(root)  # pyright: ignore[reportAttributeAccessIssue]
        await asyncio.wait_for(stack.run_in_stack(main), timeout)

    with (
        contextlib.chdir(root),
        mock.patch.object(sys, "path", [str(root), *sys.path]),
        mock.patch.dict(os.environ, PULUMI_ERROR_OUTPUT_STRING="true"),  # str(output) raises.
        asyncio.Runner() as runner,
    ):
        runner.run(session(), context=contextvars.Context())
    if complaints.messages:
        raise RuntimeError("the engine was warned: " + "; ".join(complaints.messages))
    return recorder.plan
