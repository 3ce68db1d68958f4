"""The control plane's operations on ledgers and tags."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from runtime.ledger.engine import Ledger
from runtime.ledger.server.arns import LEDGER, STREAM, TABLE, Arns
from runtime.ledger.server.errors import (
    InvalidParameterError,
    QuotaExceededError,
    ResourceAlreadyExistsError,
    ResourceInUseError,
    ResourceNotFoundError,
    ResourcePreconditionNotMetError,
)
from runtime.ledger.server.jobs import JobStore
from runtime.ledger.server.ledgers import Ledgers
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.paging import page
from runtime.ledger.server.registry import ACTIVE, CREATING, DELETING, LedgerRecord, Registry

OWNED_KEY: Final = "AWS_OWNED_KMS_KEY"
_RESERVED_TAGS: Final = "aws:"
_TABLE_IDS: Final = "SELECT VALUE tableId FROM information_schema.user_tables"

Parameters = Mapping[str, Any]


class LedgerOperations:
    """Ledgers are made, described, listed, changed, deleted and tagged."""

    def __init__(
        self,
        registry: Registry,
        ledgers: Ledgers,
        jobs: JobStore,
        arns: Arns,
        options: ServerOptions,
        end_sessions: Callable[[Ledger], None],
    ) -> None:
        """Take what the operations work on, and what ends the sessions of a deleted ledger."""
        self._registry = registry
        self._ledgers = ledgers
        self._jobs = jobs
        self._arns = arns
        self._options = options
        self._end_sessions = end_sessions

    def create_ledger(self, parameters: Parameters) -> dict[str, Any]:
        """CreateLedger: the ledger can be used as soon as this answers."""
        name, tags = parameters["Name"], parameters.get("Tags", {})
        self._check_tags(tags, len(tags))
        record = LedgerRecord(
            name=name,
            state=CREATING,
            created_at=datetime.now(UTC),
            permissions_mode=parameters["PermissionsMode"],
            deletion_protection=parameters.get("DeletionProtection", True),
            kms_key=_given_key(parameters) or "",
        )
        obstacle = self._ledgers.create(record, self._options.ledgers_max)
        if obstacle == "exists":
            raise self._name_is_taken(name)
        if obstacle == "full":
            raise QuotaExceededError(
                f"ledger {name} was not created: there are {self._options.ledgers_max} ledgers,"
                " the most this server is set to hold; delete one or raise the limit",
                LEDGER,
            )
        self._registry.tag(self._arns.ledger(name), tags, self._options.tags_max)
        created = self.find(name)
        return {
            **self._description(created),
            "PermissionsMode": created.permissions_mode,
            "KmsKeyArn": created.kms_key or OWNED_KEY,
        }

    def describe_ledger(self, parameters: Parameters) -> dict[str, Any]:
        """DescribeLedger."""
        record = self.find(parameters["Name"])
        return {
            **self._description(record),
            "PermissionsMode": record.permissions_mode,
            "EncryptionDescription": _encryption(record),
        }

    def list_ledgers(self, parameters: Parameters) -> dict[str, Any]:
        """ListLedgers, by name."""
        return page(
            parameters, "Ledgers", self._registry.page, lambda record: record.name, _summary
        )

    def update_ledger(self, parameters: Parameters) -> dict[str, Any]:
        """UpdateLedger: deletion protection and key."""
        record = self.find_active(parameters["Name"])
        self._registry.set_protection(
            record.name, parameters.get("DeletionProtection"), _given_key(parameters)
        )
        changed = self.find(record.name)
        return {**self._description(changed), "EncryptionDescription": _encryption(changed)}

    def update_ledger_permissions_mode(self, parameters: Parameters) -> dict[str, Any]:
        """UpdateLedgerPermissionsMode: the mode is kept; nothing here checks permissions."""
        record = self.find_active(parameters["Name"])
        self._registry.set_permissions_mode(record.name, parameters["PermissionsMode"])
        changed = self.find(record.name)
        return {
            "Name": changed.name,
            "Arn": self._arns.ledger(changed.name),
            "PermissionsMode": changed.permissions_mode,
        }

    def delete_ledger(self, parameters: Parameters) -> dict[str, Any]:
        """DeleteLedger: the ledger and its file are gone when this answers."""
        record = self.find_active(parameters["Name"])
        if record.deletion_protection:
            raise ResourcePreconditionNotMetError(
                f"ledger {record.name} is protected from deletion: first update it with"
                " DeletionProtection false",
                LEDGER,
                record.name,
            )
        active = self._jobs.active_ids(record.name)
        if active:
            raise ResourceInUseError(
                f"ledger {record.name} is read by {', '.join(active)}: wait for these exports and"
                " cancel these streams first",
                LEDGER,
                record.name,
            )
        if not self._ledgers.delete(record.name, self._end_sessions):
            raise ResourceInUseError(
                f"ledger {record.name} was changed meanwhile: look at it again", LEDGER, record.name
            )
        return {}

    def list_tags_for_resource(self, parameters: Parameters) -> dict[str, Any]:
        """ListTagsForResource."""
        return {"Tags": self._registry.tags(self._tagged(parameters))}

    def tag_resource(self, parameters: Parameters) -> dict[str, Any]:
        """TagResource: a key that is there gets the new value."""
        arn, tags = self._tagged(parameters), parameters["Tags"]
        self._check_tags(tags, len(tags))
        if not self._registry.tag(arn, tags, self._options.tags_max):
            self._check_tags(tags, self._options.tags_max + 1)
        return {}

    def untag_resource(self, parameters: Parameters) -> dict[str, Any]:
        """UntagResource: keys that are not there are no matter."""
        self._registry.untag(self._tagged(parameters), parameters["TagKeys"])
        return {}

    def find(self, name: str) -> LedgerRecord:
        """A ledger in whatever state; ResourceNotFoundError."""
        record = self._registry.find(name)
        if record is None:
            raise _not_found(LEDGER, name)
        return record

    def find_active(self, name: str) -> LedgerRecord:
        """An active ledger; ResourceNotFoundError or ResourcePreconditionNotMetError."""
        record = self.find(name)
        if record.state == DELETING:
            raise _not_found(LEDGER, name)
        if record.state != ACTIVE:
            raise ResourcePreconditionNotMetError(
                f"ledger {name} is {record.state}: wait until it is ACTIVE", LEDGER, name
            )
        return record

    def _tagged(self, parameters: Parameters) -> str:
        """The ARN of a resource that exists."""
        arn = parameters["ResourceArn"]
        resource = self._arns.resource(arn)
        self.find_active(resource.ledger)
        if (
            resource.type == STREAM
            and self._jobs.find(STREAM, resource.ledger, resource.id) is None
        ):
            raise _not_found(STREAM, resource.id)
        if resource.type == TABLE and resource.id not in self._table_ids(resource.ledger):
            raise _not_found(TABLE, resource.id)
        return arn

    def _table_ids(self, name: str) -> set[str]:
        transaction = self._ledgers[name].begin()
        try:
            return {str(table_id) for table_id in transaction.execute(_TABLE_IDS)}
        finally:
            transaction.abort()

    def _check_tags(self, tags: Mapping[str, str], count: int) -> None:
        reserved = [key for key in tags if key.lower().startswith(_RESERVED_TAGS)]
        if reserved:
            raise InvalidParameterError(
                f"Tags {', '.join(reserved)} start with {_RESERVED_TAGS}, which is reserved", "Tags"
            )
        if count > self._options.tags_max:
            raise InvalidParameterError(
                f"Tags would be more than {self._options.tags_max}, the most a resource may have",
                "Tags",
            )

    def _description(self, record: LedgerRecord) -> dict[str, Any]:
        return {
            **_summary(record),
            "Arn": self._arns.ledger(record.name),
            "DeletionProtection": record.deletion_protection,
        }

    def _name_is_taken(self, name: str) -> Exception:
        record = self._registry.find(name)
        if record is not None and record.state == DELETING:
            return ResourceInUseError(
                f"ledger {name} is still being deleted: try again later", LEDGER, name
            )
        return ResourceAlreadyExistsError(f"ledger {name} exists already", LEDGER, name)


def _not_found(resource_type: str, name: str) -> ResourceNotFoundError:
    return ResourceNotFoundError(f"there is no {resource_type} {name}", resource_type, name)


def _summary(record: LedgerRecord) -> dict[str, Any]:
    return {
        "Name": record.name,
        "State": record.state,
        "CreationDateTime": record.created_at,
    }


def _given_key(parameters: Parameters) -> str | None:
    key = parameters.get("KmsKey")
    return "" if key == OWNED_KEY else key


def _encryption(record: LedgerRecord) -> dict[str, Any]:
    return {"KmsKeyArn": record.kms_key or OWNED_KEY, "EncryptionStatus": "ENABLED"}
