"""One API by itself: routes, permissions, limits, access log, and who is let in."""

import json
from typing import Any

from infra.api import Api, RouteArgs
from local.plan import Plan
from tests.infra.plans import LOG_GROUP, component

ROUTES: list[RouteArgs] = [
    {
        "name": "echo",
        "worker_name": "echo-1",
        "worker_invoke_arn": "arn:invoke:echo",
        "keys": ["GET /", "POST /said/{what}"],
    }
]
ROUTE = "aws:apigatewayv2/route:Route"


def planned(origins: list[str] | None = None, **changes: Any) -> Plan:
    args: Any = {
        "routes": ROUTES,
        "limits": {
            "requests_per_s_max": 20,
            "burst_max": 40,
            "log_retention_days": 14,
            "cors_origins": origins or [],
        },
        **changes,
    }
    return component(lambda: Api("shout", args))


def test_each_key_is_a_route_to_its_worker() -> None:
    plan = planned()
    (integration,) = plan.of("aws:apigatewayv2/integration:Integration")
    assert integration.inputs["integrationType"] == "AWS_PROXY"
    assert integration.inputs["payloadFormatVersion"] == "2.0"
    assert integration.inputs["integrationUri"] == "arn:invoke:echo"
    routes = {route.inputs["routeKey"]: route.inputs["target"] for route in plan.of(ROUTE)}
    target = f"integrations/{integration.name}-id"
    assert routes == {"GET /": target, "POST /said/{what}": target}


def test_only_this_api_may_call_the_worker() -> None:
    (permission,) = planned().of("aws:lambda/permission:Permission")
    assert permission.inputs == {
        "action": "lambda:InvokeFunction",
        "function": "echo-1",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "arn:aws:execute-api:eu-west-1:123456789012:shout/*/*",
    }


def test_requests_are_limited_and_logged() -> None:
    plan = planned()
    (stage,) = plan.of("aws:apigatewayv2/stage:Stage")
    assert (stage.inputs["name"], stage.inputs["autoDeploy"]) == ("$default", True)
    assert stage.inputs["defaultRouteSettings"] == {
        "detailedMetricsEnabled": True,
        "throttlingBurstLimit": 40,
        "throttlingRateLimit": 20,
    }
    log = plan.one(LOG_GROUP, "shout")
    assert log.inputs["retentionInDays"] == 14
    settings = stage.inputs["accessLogSettings"]
    assert settings["destinationArn"].endswith(":log-group:shout")
    assert json.loads(settings["format"])["requestId"] == "$context.requestId"


def test_browsers_are_let_in_from_named_origins_alone() -> None:
    api = "aws:apigatewayv2/api:Api"
    assert "corsConfiguration" not in planned().one(api, "shout").inputs
    cors = planned(["https://ads.example"]).one(api, "shout").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://ads.example"]
    assert {"idempotency-key", "if-match"} <= set(cors["allowHeaders"])
    assert "etag" in cors["exposeHeaders"]


def test_everybody_is_let_in_where_no_issuer_is_named() -> None:
    plan = planned()
    assert plan.of("aws:apigatewayv2/authorizer:Authorizer") == []
    assert {route.inputs["authorizationType"] for route in plan.of(ROUTE)} == {"NONE"}


def test_an_issuers_tokens_can_be_asked_for_on_every_route() -> None:
    plan = planned(jwt={"issuer": "https://issuer.example", "audience": ["ads"]})
    (authorizer,) = plan.of("aws:apigatewayv2/authorizer:Authorizer")
    assert authorizer.inputs["jwtConfiguration"] == {
        "audiences": ["ads"],
        "issuer": "https://issuer.example",
    }
    for route in plan.of(ROUTE):
        assert route.inputs["authorizationType"] == "JWT"
        assert route.inputs["authorizerId"] == f"{authorizer.name}-id"


def test_its_endpoint_has_no_slash_at_its_end() -> None:
    plan = planned()
    (outputs,) = [
        plan.outputs[r.urn] for r in plan.resources.values() if not r.custom and ":index:" in r.type
    ]
    assert outputs == {"apiId": "shout-id", "endpoint": "https://shout.execute-api.example"}


def test_only_signed_requests_are_admitted_where_that_is_asked() -> None:
    plan = planned(iam=True)
    assert {route.inputs["authorizationType"] for route in plan.of(ROUTE)} == {"AWS_IAM"}
    assert plan.of("aws:apigatewayv2/authorizer:Authorizer") == []
