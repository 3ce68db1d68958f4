"""Amazon Resource Names of ledgers, tables and streams: written, and read back."""

from dataclasses import dataclass
from typing import Final

from runtime.ledger.identifiers import ID_LENGTH
from runtime.ledger.server.errors import InvalidParameterError

LEDGER: Final = "ledger"
TABLE: Final = "table"
STREAM: Final = "stream"


@dataclass(frozen=True, slots=True)
class Resource:
    """What an ARN names."""

    type: str
    ledger: str
    id: str = ""
    """Of the table or the stream; empty for a ledger."""


@dataclass(frozen=True, slots=True)
class Arns:
    """The names under one region and account."""

    region: str
    account_id: str

    def ledger(self, name: str) -> str:
        """A ledger's."""
        return f"{self._prefix}ledger/{name}"

    def table(self, ledger: str, table_id: str) -> str:
        """A table's."""
        return f"{self.ledger(ledger)}/table/{table_id}"

    def stream(self, ledger: str, stream_id: str) -> str:
        """A stream's."""
        return f"{self._prefix}stream/{ledger}/{stream_id}"

    def under(self, ledger: str) -> tuple[str, ...]:
        """What the ARNs of everything that belongs to a ledger start with."""
        return (f"{self.ledger(ledger)}/", self.stream(ledger, ""))

    def resource(self, arn: str) -> Resource:
        """What an ARN names; InvalidParameterError when it is none of this server's."""
        if arn.startswith(self._prefix):
            match arn.removeprefix(self._prefix).split("/"):
                case ["ledger", name] if name:
                    return Resource(LEDGER, name)
                case ["ledger", name, "table", table_id] if name and len(table_id) == ID_LENGTH:
                    return Resource(TABLE, name, table_id)
                case ["stream", name, stream_id] if name and len(stream_id) == ID_LENGTH:
                    return Resource(STREAM, name, stream_id)
                case _:
                    pass
        raise InvalidParameterError(
            f"ResourceArn {arn} names nothing here: it must be {self._prefix}ledger/NAME,"
            " …:ledger/NAME/table/ID or …:stream/NAME/ID",
            "ResourceArn",
        )

    @property
    def _prefix(self) -> str:
        return f"arn:aws:qldb:{self.region}:{self.account_id}:"
