"""What every maker of resources has in common."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

Inputs = Mapping[str, Any]
"""Inputs of a resource, camelCase as Pulumi sends them."""
Outputs = dict[str, Any]

ACCOUNT = "000000000000"
PREFIX = "adledger-local-"
_ABSENT = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist|404")


@dataclass(frozen=True, slots=True)
class Place:
    """Where resources are made."""

    url: str
    region: str
    client: Callable[[str], Any]
    """A boto3 client by service, with every right."""

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


class Maker:
    """Finds, makes, changes and removes resources of one type.

    An id is what Pulumi's provider would say. Errors of the driver pass through: the deployer
    wraps them, naming the resource.
    """

    type: ClassVar[str]

    def __init__(self, place: Place) -> None:
        self.place = place

    def find(self, name: str, inputs: Inputs) -> str | None:
        """The id of what was made before under this name or these keys."""
        raise NotImplementedError

    def create(self, name: str, inputs: Inputs) -> str:
        """Make it and return its id."""
        raise NotImplementedError

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        """Make what exists be as the inputs say, data kept; its id, should that have changed.

        Left as it is where nothing of it can be changed.
        """
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        """What the provider adds to the inputs."""
        return {}

    def delete(self, id_: str, outputs: Outputs) -> None:
        """Remove it, unless it goes with something else; "not found" counts as success."""


def physical(name: str, inputs: Inputs, key: str = "name") -> str:
    """The name in the cloud: as the program says, or always the same one for a logical name."""
    return inputs.get(key) or f"{PREFIX}{name}"


def absent(error: ClientError) -> bool:
    """Whether the driver says that something is not there."""
    return bool(_ABSENT.search(error.response["Error"]["Code"]))


def found(call: Callable[..., Any], **request: Any) -> Any | None:
    """The answer; None where what was asked for is not there."""
    try:
        return call(**request)
    except ClientError as error:
        if absent(error):
            return None
        raise


def given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def capitalised(value: Any) -> Any:
    """camelCase keys as the AWS APIs want most of theirs: CapitalCase, at every depth."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: capitalised(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [capitalised(inner) for inner in value]
    return value
