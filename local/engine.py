"""An engine held in memory: runs the Pulumi program in this process and records what it asks for.

The tests read the plan it returns. The embedded stack hands it a cloud that really creates what is
asked for. Neither needs the Pulumi command line.
"""

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
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc, settings, stack

from local.plan import SECRET, EngineError, Plan, Resource, plain, wire

RUN_TIMEOUT_S = 60.0

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""From the arguments of an invoke to its result."""
Computed = Callable[[str, dict[str, Any]], dict[str, Any]]
"""From a resource's name and inputs to the outputs that only its provider knows."""


class Cloud(mocks.Mocks):
    """Answers as the cloud would: an id, a name and an ARN for every resource.

    An invoke that nobody has given an answer for is an error. Subclass it and override
    `new_resource` to create what is asked for.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        computed: Mapping[str, Computed] | None = None,
    ) -> None:
        """Take answers to invokes by token, and provider-made outputs by resource type."""
        self.answers = answers or {}
        self.computed = computed or {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """The id and the outputs of a resource that is being registered."""
        if not args.custom:
            return None, args.inputs
        arn = f"arn:aws:mock:eu-west-1:123456789012:{args.name}"
        state = {"name": args.name, "arn": arn, **args.inputs}
        if args.typ in self.computed:
            state |= self.computed[args.typ](args.name, args.inputs)
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The result of an invoke and its failures: an empty list, since the SDK iterates it."""
        if args.token not in self.answers:
            raise EngineError(f"no answer was given for the invoke {args.token}")
        return self.answers[args.token](args.args), []


class Recorder(mocks.MockMonitor):
    """A monitor that writes down every request: options such as `protect` are only there."""

    def __init__(self, cloud: mocks.Mocks) -> None:
        """Record into a new plan while the cloud answers."""
        super().__init__(cloud)
        self.plan = Plan()

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the RPC's name.
        """Answer and record a provider function's call."""
        response = super().Invoke(request)
        self.plan.invokes.append((request.tok, plain(wire(request.args))))
        return response

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the RPC's name.
        """Answer and record a resource; two of one URN are an error."""
        response: Any = super().RegisterResource(request)
        if response.urn in self.plan.resources:
            raise EngineError(f"two resources share the URN {response.urn}")
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

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the RPC's name.
        """Record the outputs of a component or of the stack, secrets masked."""
        self.plan.outputs[request.urn] = plain(wire(request.outputs), masked=True)
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.plan.exports = self.plan.outputs[request.urn]
        return empty_pb2.Empty()


class Inline(ThreadPoolExecutor):
    """Runs a job where it is submitted: no threads, so no stray event loops and no races."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the job now and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - it is raised where the future is read.
            future.set_exception(error)
        return future


class Complaints(logging.Handler):
    """Keeps what the SDK warned of: a deprecation is no more than a line in the engine's log."""

    def __init__(self) -> None:
        """Listen to warnings and worse."""
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


def config_of(
    root: Path, stack_name: str, stack_file: Path | None = None
) -> tuple[str, dict[str, str], list[str]]:
    """The project's name, its config as the command line would hand it over, its secrets' keys.

    `stack_file` is read in place of `Pulumi.<stack_name>.yaml` under `root`.
    """
    project = yaml.safe_load((root / "Pulumi.yaml").read_text())
    stack_file = stack_file or root / f"Pulumi.{stack_name}.yaml"
    declared = {
        key: entry.get("value", entry.get("default")) if isinstance(entry, dict) else entry
        for key, entry in (project.get("config") or {}).items()
    }
    chosen = (yaml.safe_load(stack_file.read_text()) or {}).get("config") or {}
    values: dict[str, str] = {}
    secrets: list[str] = []
    for key, value in {**declared, **chosen}.items():
        if value is None:
            continue
        full = key if ":" in key else f"{project['name']}:{key}"
        if isinstance(value, dict) and value.keys() == {"secure"}:
            secrets.append(full)
            value = SECRET  # noqa: PLW2901 - it cannot be decrypted here.
        values[full] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return project["name"], values, secrets


async def _session(
    recorder: Recorder,
    cloud: mocks.Mocks,
    names: tuple[str, str, Path],
    flags: tuple[bool, float],
    log: logging.Logger,
    main: Callable[[], Any],
) -> None:
    """Run `main` as the program of a stack, as the language host does."""
    project, stack_name, root = names
    preview, timeout_s = flags
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Inline(1))
    # run_in_stack raises the first error; those that follow from it would be logged at some later
    # collection of garbage, in the middle of whatever then runs.
    loop.set_exception_handler(lambda _loop, _context: None)
    # set_mocks makes a stack, and closes its outputs, when there is none;
    # run_in_stack needs there to be none.
    settings.set_root_resource(mock.sentinel.stack)
    mocks.set_mocks(cloud, project, stack_name, preview, log, recorder, organization="organization")
    settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]
    # A run that failed leaves its tasks in `outputs`, which would fail the next.
    settings.SETTINGS.outputs = set()  # pyright: ignore[reportAttributeAccessIssue]
    settings.SETTINGS.root_directory = str(root)  # pyright: ignore[reportAttributeAccessIssue]
    await asyncio.wait_for(stack.run_in_stack(main), timeout_s)


def run(
    root: Path,
    stack_name: str,
    cloud: mocks.Mocks,
    *,
    preview: bool = False,
    program: Callable[[], Any] | None = None,
    config: Mapping[str, str] | None = None,
    stack_file: Path | None = None,
    timeout: float = RUN_TIMEOUT_S,
) -> Plan:
    """Run the program under `root` to its end and return the plan.

    `program` runs in place of `__main__.py`; `config` (full keys, string values) overrides the
    stack file. What the program raises, in its body or in an apply, is raised here; so is
    TimeoutError, for an output that never resolves, and EngineError, for a warning. The working
    directory and `sys.path` belong to the program while it runs: one run at a time.
    """
    project, values, secrets = config_of(root, stack_name, stack_file)
    recorder, complaints, log = Recorder(cloud), Complaints(), logging.Logger("engine")
    log.addHandler(complaints)

    def main() -> None:
        pulumi.runtime.set_all_config({**values, **(config or {})}, secrets)
        if program is None:
            runpy.run_path(str(root / "__main__.py"), run_name="__main__")
        else:
            program()

    with (
        contextlib.chdir(root),
        mock.patch.object(sys, "path", [str(root), *sys.path]),
        mock.patch.dict(os.environ, PULUMI_ERROR_OUTPUT_STRING="true"),  # str(output) raises.
        asyncio.Runner() as runner,
    ):
        session = _session(
            recorder, cloud, (project, stack_name, root), (preview, timeout), log, main
        )
        runner.run(session, context=contextvars.Context())
    if complaints.messages:
        raise EngineError("the engine was warned: " + "; ".join(complaints.messages))
    return recorder.plan
