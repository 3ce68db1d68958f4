"""What the control plane refuses, as QLDB calls it.

ServerError
├── RequestFormError                 not JSON, or no operation                (400, 404, 405, 415)
├── InvalidParameterError            a value is missing or cannot be                         (400)
├── QuotaExceededError               too many ledgers, exports or streams                    (400)
├── ResourceError                    something about one named resource
│   ├── ResourceNotFoundError            there is none, or it is being deleted               (404)
│   ├── ResourceAlreadyExistsError       the name is taken                                   (409)
│   ├── ResourceInUseError               it cannot change while it is used                   (409)
│   └── ResourcePreconditionNotMetError  its state or a setting forbids it                   (412)
└── DirectoryInUseError              another server has the data directory; no client sees it

Failures of the ledger beneath are `runtime.ledger.errors`.
"""

from collections.abc import Mapping


class ServerError(Exception):
    """Anything the server refuses; `code` and `http_status` are what a client is told."""

    code: str = "InternalFailure"
    http_status: int = 500

    @property
    def members(self) -> Mapping[str, str]:
        """The error's members besides Message."""
        return {}


class RequestFormError(ServerError):
    """The request cannot be read, or names no operation; the message names every fault."""

    code = "SerializationException"

    def __init__(self, message: str, *, http_status: int = 400, code: str | None = None) -> None:
        """Take the status and QLDB's name of the fault where they are not the usual ones."""
        super().__init__(message)
        self.http_status = http_status
        self.code = code or self.code


class InvalidParameterError(ServerError):
    """One or more values of a request are missing or cannot be; the message names every fault."""

    code = "InvalidParameterException"
    http_status = 400

    def __init__(self, message: str, parameter: str) -> None:
        """Take the first parameter at fault."""
        super().__init__(message)
        self.parameter = parameter

    @property
    def members(self) -> Mapping[str, str]:
        """ParameterName."""
        return {"ParameterName": self.parameter}


class QuotaExceededError(ServerError):
    """There are as many resources of this type as there may be."""

    code = "LimitExceededException"
    http_status = 400

    def __init__(self, message: str, resource_type: str) -> None:
        """Take the type the quota is on."""
        super().__init__(message)
        self.resource_type = resource_type

    @property
    def members(self) -> Mapping[str, str]:
        """ResourceType."""
        return {"ResourceType": self.resource_type}


class ResourceError(ServerError):
    """Something about one named resource."""

    def __init__(self, message: str, resource_type: str, resource_name: str) -> None:
        """Take the resource."""
        super().__init__(message)
        self.resource_type = resource_type
        self.resource_name = resource_name

    @property
    def members(self) -> Mapping[str, str]:
        """ResourceType and ResourceName."""
        return {"ResourceType": self.resource_type, "ResourceName": self.resource_name}


class ResourceNotFoundError(ResourceError):
    """There is no such resource, or it is being deleted."""

    code = "ResourceNotFoundException"
    http_status = 404


class ResourceAlreadyExistsError(ResourceError):
    """The name is taken."""

    code = "ResourceAlreadyExistsException"
    http_status = 409


class ResourceInUseError(ResourceError):
    """The resource cannot be changed while something uses it."""

    code = "ResourceInUseException"
    http_status = 409


class ResourcePreconditionNotMetError(ResourceError):
    """The resource's state or a setting forbids the operation."""

    code = "ResourcePreconditionNotMetException"
    http_status = 412


class DirectoryInUseError(ServerError):
    """Another server works in this data directory."""
