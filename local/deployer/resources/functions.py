"""Lambda functions, their layers, event sources and permissions."""

import json
from typing import Any

from local.deployer import archives
from local.deployer.resources.maker import Inputs, Maker, Outputs, capitalised, found, given
from local.deployer.resources.maker import physical as _physical


class LayerVersion(Maker):
    """A layer; new content is a new version, and the old one goes."""

    type = "aws:lambda/layerVersion:LayerVersion"

    @property
    def _lambda(self) -> Any:
        return self.place.client("lambda")

    def find(self, name: str, inputs: Inputs) -> str | None:
        layer = _physical(name, inputs, "layerName")
        answer = found(self._lambda.list_layer_versions, LayerName=layer)
        versions = answer["LayerVersions"] if answer else []
        return versions[0]["LayerVersionArn"] if versions else None

    def create(self, name: str, inputs: Inputs) -> str:
        answer = self._lambda.publish_layer_version(
            LayerName=_physical(name, inputs, "layerName"),
            Content={"ZipFile": archives.packed(inputs["code"])},
            CompatibleRuntimes=inputs.get("compatibleRuntimes") or [],
        )
        return answer["LayerVersionArn"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        fresh = self.create(name, inputs)
        self.delete(id_, {})  # Functions that have it keep it until they are changed.
        return fresh

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        layer_arn, version = id_.rsplit(":", 1)
        return {"arn": id_, "layerArn": layer_arn, "version": version}

    def delete(self, id_: str, outputs: Outputs) -> None:
        layer_arn, version = id_.rsplit(":", 1)
        self._lambda.delete_layer_version(LayerName=layer_arn, VersionNumber=int(version))


class Function(Maker):
    """A function with code from an archive."""

    type = "aws:lambda/function:Function"

    @property
    def _lambda(self) -> Any:
        return self.place.client("lambda")

    def find(self, name: str, inputs: Inputs) -> str | None:
        function = _physical(name, inputs)
        configuration = found(self._lambda.get_function_configuration, FunctionName=function)
        return function if configuration else None

    def create(self, name: str, inputs: Inputs) -> str:
        function = _physical(name, inputs)
        self._lambda.create_function(
            FunctionName=function,
            Code={"ZipFile": archives.packed(inputs["code"])},
            **_configuration(inputs),
        )
        self._concurrency(function, inputs)
        return function

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._lambda.update_function_code(FunctionName=id_, ZipFile=archives.packed(inputs["code"]))
        self._lambda.update_function_configuration(FunctionName=id_, **_configuration(inputs))
        self._concurrency(id_, inputs)
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        arn = self.place.arn("lambda", f"function:{id_}")
        region = self.place.region
        return {
            "name": id_,
            "arn": arn,
            "qualifiedArn": f"{arn}:$LATEST",
            "version": "$LATEST",
            "invokeArn": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}"
            "/invocations",
        }

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._lambda.delete_function(FunctionName=id_)

    def _concurrency(self, function: str, inputs: Inputs) -> None:
        reserved = inputs.get("reservedConcurrentExecutions")
        if reserved is not None and reserved >= 0:
            self._lambda.put_function_concurrency(
                FunctionName=function, ReservedConcurrentExecutions=reserved
            )


class EventSourceMapping(Maker):
    """Which stream a function gets its batches from."""

    type = "aws:lambda/eventSourceMapping:EventSourceMapping"

    @property
    def _lambda(self) -> Any:
        return self.place.client("lambda")

    def find(self, name: str, inputs: Inputs) -> str | None:
        listed = self._lambda.list_event_source_mappings(FunctionName=inputs["functionName"])
        for mapping in listed["EventSourceMappings"]:
            if mapping["EventSourceArn"] == inputs["eventSourceArn"]:
                return mapping["UUID"]
        return None

    def create(self, name: str, inputs: Inputs) -> str:
        answer = self._lambda.create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"],
            **given(StartingPosition=inputs.get("startingPosition")),
            **_mapping(inputs),
        )
        return answer["UUID"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._lambda.update_event_source_mapping(UUID=id_, **_mapping(inputs))
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"uuid": id_, "arn": self.place.arn("lambda", f"event-source-mapping:{id_}")}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._lambda.delete_event_source_mapping(UUID=id_)


class Permission(Maker):
    """Who may invoke a function."""

    type = "aws:lambda/permission:Permission"

    @property
    def _lambda(self) -> Any:
        return self.place.client("lambda")

    def find(self, name: str, inputs: Inputs) -> str | None:
        answer = found(self._lambda.get_policy, FunctionName=inputs["function"])
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        wanted = _physical(name, inputs, "statementId")
        return wanted if wanted in {each.get("Sid") for each in statements} else None

    def create(self, name: str, inputs: Inputs) -> str:
        statement = _physical(name, inputs, "statementId")
        self._lambda.add_permission(
            FunctionName=inputs["function"],
            StatementId=statement,
            Action=inputs["action"],
            Principal=inputs["principal"],
            **given(SourceArn=inputs.get("sourceArn"), SourceAccount=inputs.get("sourceAccount")),
        )
        return statement

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._lambda.remove_permission(FunctionName=inputs["function"], StatementId=id_)
        return self.create(name, inputs)

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"statementId": id_}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._lambda.remove_permission(FunctionName=outputs["function"], StatementId=id_)


def _configuration(inputs: Inputs) -> dict[str, Any]:
    return given(
        Role=inputs["role"],
        Handler=inputs["handler"],
        Runtime=inputs["runtime"],
        Timeout=inputs.get("timeout"),
        MemorySize=inputs.get("memorySize"),
        Layers=inputs.get("layers"),
        Environment={"Variables": (inputs.get("environment") or {}).get("variables") or {}},
        DeadLetterConfig=capitalised(inputs.get("deadLetterConfig")),
        TracingConfig=capitalised(inputs.get("tracingConfig")),
        LoggingConfig=capitalised(inputs.get("loggingConfig")),
    )


def _mapping(inputs: Inputs) -> dict[str, Any]:
    on_failure = ((inputs.get("destinationConfig") or {}).get("onFailure") or {}).get(
        "destinationArn"
    )
    filters = (inputs.get("filterCriteria") or {}).get("filters")
    return given(
        FunctionName=inputs["functionName"],
        Enabled=inputs.get("enabled", True),
        BatchSize=inputs.get("batchSize"),
        MaximumBatchingWindowInSeconds=inputs.get("maximumBatchingWindowInSeconds"),
        ParallelizationFactor=inputs.get("parallelizationFactor"),
        BisectBatchOnFunctionError=inputs.get("bisectBatchOnFunctionError"),
        MaximumRetryAttempts=inputs.get("maximumRetryAttempts"),
        MaximumRecordAgeInSeconds=inputs.get("maximumRecordAgeInSeconds"),
        FunctionResponseTypes=inputs.get("functionResponseTypes"),
        DestinationConfig={"OnFailure": {"Destination": on_failure}} if on_failure else None,
        FilterCriteria={"Filters": capitalised(filters)} if filters else None,
    )


MAKERS = (LayerVersion, Function, EventSourceMapping, Permission)
