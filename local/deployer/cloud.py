"""The engine's cloud: one resource after another, found, made, changed or left as it is."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime import mocks

from local import engine
from local.deployer import archives
from local.deployer.resources import MAKERS
from local.deployer.resources.maker import ACCOUNT, Maker, Place, absent
from local.deployer.state import Made, State
from local.errors import DeploymentError
from local.plan import EngineError, Plan

PROVIDER_TYPES = "pulumi:providers:"
CALL_S_MAX = 60


class LocalCloud(engine.Cloud):
    """Makes what the program registers, while it runs; remembers it for the next run."""

    def __init__(self, url: str, region: str, state: State) -> None:
        super().__init__(
            answers={
                "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
                    "accountId": ACCOUNT,
                    "arn": f"arn:aws:iam::{ACCOUNT}:root",
                    "id": ACCOUNT,
                    "userId": ACCOUNT,
                },
                "aws:index/getRegion:getRegion": lambda _: {"region": region, "id": region},
                "aws:index/getPartition:getPartition": lambda _: {
                    "partition": "aws",
                    "dnsSuffix": "amazonaws.com",
                    "id": "aws",
                },
            }
        )
        session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's own.
            region_name=region,
        )
        config = Config(read_timeout=CALL_S_MAX)
        client = cache(lambda service: session.client(service, endpoint_url=url, config=config))
        self._place = Place(url, region, client)
        self._state = state
        self._before = dict(state.resources)
        self.made: set[str] = set()
        """URNs of this run."""
        self.changed = 0
        """How many resources were made or changed."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Make a resource, or leave it: its id and outputs, as its provider would answer."""
        if not args.custom:
            return None, args.inputs
        if args.typ.startswith(PROVIDER_TYPES):
            return args.name, args.inputs
        inputs = _whole(args.inputs)
        key = f"{args.typ}::{args.name}"
        try:
            made = self._make(self._maker(args.typ, args.name), key, args.name, inputs)
        except (ClientError, BotoCoreError) as error:
            raise DeploymentError(
                f"{args.typ} {args.name!r} could not be made locally: {error}"
            ) from error
        self.made.add(key)
        self._state.put(key, made)
        return made.id, {**inputs, **made.outputs}

    def remove_strays(self, plan: Plan) -> list[str]:
        """Remove what the program no longer asks for, the last made first; their names."""
        kept = {f"{r.type}::{r.name}" for r in plan.resources.values() if r.retain}
        removed: list[str] = []
        for key, made in reversed(list(self._before.items())):
            if key in self.made:
                continue
            if not made.retain:
                self._remove(made)
                removed.append(f"{made.type} {made.name}")
            del self._state.resources[key]
        for key in kept & self._state.resources.keys():
            made = self._state.resources[key]
            self._state.put(key, Made(**{**_fields(made), "retain": True}))
        return removed

    def _maker(self, type_: str, name: str) -> Maker:
        if type_ not in MAKERS:
            raise DeploymentError(
                f"the local stack cannot make {name!r}: its type {type_} is not known; "
                "add a maker to local/deployer/resources"
            )
        return MAKERS[type_](self._place)

    def _make(self, maker: Maker, key: str, name: str, inputs: dict[str, Any]) -> Made:
        before = self._before.get(key)
        digest = _digest(self._place.url, inputs)
        id_ = maker.find(name, inputs)
        if id_ is None and before is None:
            id_ = maker.create(name, inputs)
        elif id_ is None and before is not None:
            id_ = self._again(maker, before, digest, name, inputs)
        elif before is None or before.digest != digest or before.id != id_:
            id_ = maker.update(str(id_), name, inputs)
        else:
            return before
        self.changed += 1
        outputs = maker.outputs(str(id_), name, inputs)
        kept = {key: inputs[key] for key in ("apiId", "function") if key in inputs}
        return Made(maker.type, name, str(id_), digest, False, {**kept, **outputs})

    def _again(
        self, maker: Maker, before: Made, digest: str, name: str, inputs: dict[str, Any]
    ) -> str:
        """What was known and is not found: gone, replaced by other inputs, or never looked for."""
        if before.digest != digest:
            self._remove(before)
        return maker.create(name, inputs)

    def _remove(self, made: Made) -> None:
        try:
            self._maker(made.type, made.name).delete(made.id, made.outputs)
        except ClientError as error:
            if not absent(error):
                raise DeploymentError(
                    f"{made.type} {made.name!r} could not be removed: {error}"
                ) from error


def deploy(root: Path, cloud: LocalCloud, state: State, **run: Any) -> Plan:
    """Run the program under `root` against the cloud, remove strays, save the state.

    Raises DeploymentError; what was made until then is remembered.
    """
    try:
        plan = engine.run(root, "local", cloud, **run)
        cloud.remove_strays(plan)
    except EngineError as error:
        raise DeploymentError(str(error)) from error
    finally:
        state.save()
    return plan


def _fields(made: Made) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Made.__slots__}


def _whole(value: Any) -> Any:
    """Pulumi's numbers are floats; those of AWS's APIs are not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return value


def _digest(url: str, inputs: dict[str, Any]) -> str:
    text = json.dumps([url, inputs], sort_keys=True, default=archives.digest)
    return hashlib.sha256(text.encode()).hexdigest()
