"""Clients of the embedded cloud: as Lambda itself, and with a function's rights."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
import botocore.credentials
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from local.event_sources.delivery import Discarded, FunctionError, NotInvokedError
from local.event_sources.destinations import report
from local.event_sources.mappings import Mapping as EventSourceMapping
from local.event_sources.sources import KinesisSource, Source, TableSource

INVOKE_S_MAX = 910
READ_S_MAX = 10
CONNECTIONS_MAX = 64
SESSION_NAME = "event-source"


class Cloud:
    """One emulator, seen by the event sources."""

    def __init__(self, url: str, region: str) -> None:
        self._url, self._region = url, region
        self._session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's own.
            region_name=region,
        )
        once = {"total_max_attempts": 1, "mode": "standard"}  # A retry would invoke twice.
        self._lambda = self._session.client(
            "lambda",
            endpoint_url=url,
            config=Config(
                retries=once, read_timeout=INVOKE_S_MAX, max_pool_connections=CONNECTIONS_MAX
            ),
        )
        self._metrics = self._session.client("cloudwatch", endpoint_url=url)
        self._sts = self._session.client("sts", endpoint_url=url)
        self._client_of_role = cache(self._open_client)
        self._role_of_function = cache(self._look_up_role)

    def mappings(self) -> list[dict[str, Any]]:
        """Every event source mapping, as Lambda describes it."""
        pages = self._lambda.get_paginator("list_event_source_mappings").paginate()
        return [mapping for page in pages for mapping in page["EventSourceMappings"]]

    def invoke(self, function_arn: str, payload: str) -> Any:
        """Call a function and wait; see delivery.Invoke."""
        try:
            answer = self._lambda.invoke(FunctionName=function_arn, Payload=payload)
            body = answer["Payload"].read()
        except ReadTimeoutError as error:
            raise FunctionError(f"no answer: {error}") from error
        except (ClientError, BotoCoreError) as error:
            raise NotInvokedError(str(error)) from error
        if "FunctionError" in answer:
            raise FunctionError(body.decode(errors="replace"))
        return json.loads(body or b"null")

    def put_ages(self, ages_ms: Mapping[str, float]) -> None:
        """Tell how old what functions were given is, by function, as Lambda does."""
        data = [
            {
                "MetricName": "IteratorAge",
                "Dimensions": [{"Name": "FunctionName", "Value": function}],
                "Unit": "Milliseconds",
                "Value": age_ms,
            }
            for function, age_ms in ages_ms.items()
        ]
        self._metrics.put_metric_data(Namespace="AWS/Lambda", MetricData=data)

    def source(self, mapping: EventSourceMapping) -> Source:
        """The stream of a mapping, read with its function's rights."""
        if mapping.is_kinesis:
            client = self.client_for(mapping, "kinesis")
            return KinesisSource(client, mapping.stream_arn, self._region)
        client = self.client_for(mapping, "dynamodbstreams")
        return TableSource(client, mapping.stream_arn, self._region)

    def report(self, mapping: EventSourceMapping, shard: str, discarded: Discarded) -> None:
        """Report a discarded batch with its function's rights."""
        report(mapping, shard, discarded, lambda service: self.client_for(mapping, service))

    def client_for(self, mapping: EventSourceMapping, service: str) -> Any:
        """A client with the rights of a mapping's function."""
        return self._client_of_role(self._role_of_function(mapping.function_arn), service)

    def _look_up_role(self, function_arn: str) -> str:
        return self._lambda.get_function_configuration(FunctionName=function_arn)["Role"]

    def _open_client(self, role: str, service: str) -> Any:
        session = botocore.session.get_session()
        session._credentials = botocore.credentials.RefreshableCredentials.create_from_metadata(
            self._credentials(role), lambda: self._credentials(role), "sts-assume-role"
        )
        return boto3.Session(botocore_session=session, region_name=self._region).client(
            service,
            endpoint_url=self._url,
            config=Config(read_timeout=READ_S_MAX, max_pool_connections=CONNECTIONS_MAX),
        )

    def _credentials(self, role: str) -> dict[str, str]:
        got = self._sts.assume_role(RoleArn=role, RoleSessionName=SESSION_NAME)["Credentials"]
        return {
            "access_key": got["AccessKeyId"],
            "secret_key": got["SecretAccessKey"],
            "token": got["SessionToken"],
            "expiry_time": got["Expiration"].isoformat(),
        }
