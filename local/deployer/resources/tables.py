"""DynamoDB tables."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, capitalised, found, physical
from local.errors import DeploymentError


class Table(Maker):
    """A table with its stream, indexes, expiry and point-in-time recovery."""

    type = "aws:dynamodb/table:Table"

    @property
    def _dynamodb(self) -> Any:
        return self.place.client("dynamodb")

    def find(self, name: str, inputs: Inputs) -> str | None:
        table = physical(name, inputs)
        return table if found(self._dynamodb.describe_table, TableName=table) else None

    def create(self, name: str, inputs: Inputs) -> str:
        table = physical(name, inputs)
        request: dict[str, Any] = {
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _keys(inputs),
            "AttributeDefinitions": [
                {"AttributeName": each["name"], "AttributeType": each["type"]}
                for each in inputs["attributes"]
            ],
        }
        if indexes := [_index(each) for each in inputs.get("globalSecondaryIndexes") or []]:
            request["GlobalSecondaryIndexes"] = indexes
        if inputs.get("streamEnabled"):
            request["StreamSpecification"] = {
                "StreamEnabled": True,
                "StreamViewType": inputs["streamViewType"],
            }
        self._dynamodb.create_table(**request)
        self._options(table, inputs)
        return table

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        """Keys and indexes stay: changing them would mean making the table anew."""
        existing = self._describe(id_)
        wanted = [each["name"] for each in inputs.get("globalSecondaryIndexes") or []]
        indexes = [each["IndexName"] for each in existing.get("GlobalSecondaryIndexes") or []]
        if existing["KeySchema"] != _keys(inputs) or sorted(indexes) != sorted(wanted):
            raise DeploymentError(
                f"table {id_} has other keys or indexes than the program asks for; "
                "its data would be lost: run `make clean` and start again"
            )
        self._options(id_, inputs)
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        table = self._describe(id_)
        return {
            "name": id_,
            "arn": table["TableArn"],
            "streamArn": table.get("LatestStreamArn", ""),
            "streamLabel": table.get("LatestStreamLabel", ""),
        }

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._dynamodb.update_table(TableName=id_, DeletionProtectionEnabled=False)
        self._dynamodb.delete_table(TableName=id_)

    def _describe(self, table: str) -> dict[str, Any]:
        return self._dynamodb.describe_table(TableName=table)["Table"]

    def _options(self, table: str, inputs: Inputs) -> None:
        if ttl := inputs.get("ttl"):
            now = self._dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            enabled = now["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
            if enabled != ttl["enabled"]:
                self._dynamodb.update_time_to_live(
                    TableName=table,
                    TimeToLiveSpecification={
                        "Enabled": ttl["enabled"],
                        "AttributeName": ttl["attributeName"],
                    },
                )
        if recovery := inputs.get("pointInTimeRecovery"):
            self._dynamodb.update_continuous_backups(
                TableName=table,
                PointInTimeRecoverySpecification={
                    "PointInTimeRecoveryEnabled": recovery["enabled"]
                },
            )
        self._dynamodb.update_table(
            TableName=table,
            DeletionProtectionEnabled=bool(inputs.get("deletionProtectionEnabled")),
        )


def _keys(inputs: Inputs) -> list[dict[str, str]]:
    keys = [{"AttributeName": inputs["hashKey"], "KeyType": "HASH"}]
    if inputs.get("rangeKey"):
        keys.append({"AttributeName": inputs["rangeKey"], "KeyType": "RANGE"})
    return keys


def _index(index: Inputs) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    return {
        "IndexName": index["name"],
        "KeySchema": capitalised(index["keySchemas"]),
        "Projection": projection,
    }


MAKERS = (Table,)
