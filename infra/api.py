"""An HTTP API in front of workers."""

import json
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from infra.worker import Worker

INTEGRATION_TIMEOUT_MS = 29_000
"""Longer than any worker behind an API may take, so that its own answer is what is given."""
CORS_MAX_AGE_S = 600
METHODS = ["GET", "POST", "PATCH", "DELETE"]
REQUEST_HEADERS = [
    *("authorization", "x-amz-date", "x-amz-security-token"),
    *("content-type", "idempotency-key", "if-match", "if-none-match"),
]
ANSWER_HEADERS = ["etag", "location", "retry-after"]
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "latencyMs": "$context.responseLatency",
    "answerBytes": "$context.responseLength",
    "error": "$context.integrationErrorMessage",
}


class JwtArgs(TypedDict):
    """Whose tokens are accepted."""

    issuer: pulumi.Input[str]
    """The URL that issues the tokens."""
    audience: list[pulumi.Input[str]]
    """The audiences of which a token must name one."""


class RouteArgs(TypedDict):
    """Calls that go to one worker."""

    name: str
    """What the worker is called among the API's resources."""
    worker_name: pulumi.Input[str]
    """The worker's function."""
    worker_invoke_arn: pulumi.Input[str]
    """The ARN by which an API calls the worker."""
    keys: list[str]
    """Method and path of each call, such as GET /publisher/{publisherId}/ad."""


class Limits(TypedDict):
    """What an API admits, and how long it remembers."""

    requests_per_s_max: int
    """Requests a second that are admitted over time."""
    burst_max: int
    """Requests that are admitted at once."""
    log_retention_days: int
    """Days that the access log is kept."""
    cors_origins: list[pulumi.Input[str]]
    """Origins whose pages may call the API from a browser."""


class ApiArgs(TypedDict):
    """What an API answers, and to whom."""

    routes: list[RouteArgs]
    """Which worker answers which calls."""
    limits: Limits
    """What the API admits."""
    jwt: NotRequired[JwtArgs]
    """Admit only requests with a token of this issuer; all where it is left out."""
    iam: NotRequired[bool]
    """Admit only requests that are signed by somebody who may call the API, by IAM."""


class _Admission(TypedDict):
    """How a route's callers are checked."""

    authorization_type: str
    authorizer_id: NotRequired[pulumi.Output[str]]


class Api(pulumi.ComponentResource):
    """An HTTP API with an access log and a limit on what it admits."""

    endpoint: pulumi.Output[str]
    """URL without a slash at its end."""
    api_id: pulumi.Output[str]
    """The API's id."""

    def __init__(
        self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the API, its stage, and the way to each worker."""
        super().__init__("adledger:index:Api", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        origins = args["limits"]["cors_origins"]
        api = aws.apigatewayv2.Api(
            name,
            protocol_type="HTTP",
            cors_configuration=_cors(origins) if origins else None,
            opts=self._own,
        )
        admission = self._admission(name, api, args)
        for route in args["routes"]:
            self._route(name, api, route, admission)
        self._stage(name, api, args["limits"])
        self.endpoint = api.api_endpoint
        self.api_id = api.id
        self.register_outputs({"endpoint": self.endpoint, "apiId": self.api_id})

    def _admission(self, name: str, api: aws.apigatewayv2.Api, args: ApiArgs) -> _Admission:
        if args.get("iam"):
            return {"authorization_type": "AWS_IAM"}
        if "jwt" not in args:
            return {"authorization_type": "NONE"}
        authorizer = self._authorizer(name, api, args["jwt"])
        return {"authorization_type": "JWT", "authorizer_id": authorizer.id}

    def _authorizer(
        self, name: str, api: aws.apigatewayv2.Api, jwt: JwtArgs
    ) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            name,
            api_id=api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": jwt["issuer"], "audiences": jwt["audience"]},
            opts=self._own,
        )

    def _route(
        self,
        name: str,
        api: aws.apigatewayv2.Api,
        route: RouteArgs,
        admission: _Admission,
    ) -> None:
        worker = f"{name}-{route['name']}"
        integration = aws.apigatewayv2.Integration(
            worker,
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=route["worker_invoke_arn"],
            payload_format_version="2.0",
            timeout_milliseconds=INTEGRATION_TIMEOUT_MS,
            opts=self._own,
        )
        aws.lambda_.Permission(
            worker,
            action="lambda:InvokeFunction",
            function=route["worker_name"],
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
            opts=self._own,
        )
        for key in route["keys"]:
            aws.apigatewayv2.Route(
                f"{name} {key}",
                api_id=api.id,
                route_key=key,
                target=pulumi.Output.concat("integrations/", integration.id),
                **admission,
                opts=self._own,
            )

    def _stage(self, name: str, api: aws.apigatewayv2.Api, limits: Limits) -> None:
        log = aws.cloudwatch.LogGroup(
            name, retention_in_days=limits["log_retention_days"], opts=self._own
        )
        aws.apigatewayv2.Stage(
            name,
            name="$default",
            api_id=api.id,
            auto_deploy=True,
            access_log_settings={"destination_arn": log.arn, "format": json.dumps(ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": limits["requests_per_s_max"],
                "throttling_burst_limit": limits["burst_max"],
                "detailed_metrics_enabled": True,
            },
            opts=self._own,
        )


def route(name: str, worker: Worker, *keys: str) -> RouteArgs:
    """The calls that a worker of this program answers."""
    return {
        "name": name,
        "worker_name": worker.function_name,
        "worker_invoke_arn": worker.invoke_arn,
        "keys": list(keys),
    }


def _cors(origins: list[pulumi.Input[str]]) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict:
    return {
        "allow_origins": origins,
        "allow_methods": METHODS,
        "allow_headers": REQUEST_HEADERS,
        "expose_headers": ANSWER_HEADERS,
        "max_age": CORS_MAX_AGE_S,
    }
