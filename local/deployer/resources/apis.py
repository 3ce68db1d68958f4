"""HTTP APIs with their integrations, routes, stages and authorizers."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, capitalised, given, physical


class _Part(Maker):
    """Something that belongs to an API."""

    @property
    def _gateway(self) -> Any:
        return self.place.client("apigatewayv2")


class Api(_Part):
    """An HTTP API, reached through the emulator's own address."""

    type = "aws:apigatewayv2/api:Api"

    def find(self, name: str, inputs: Inputs) -> str | None:
        wanted = physical(name, inputs)
        for api in self._gateway.get_apis()["Items"]:
            if api["Name"] == wanted:
                return api["ApiId"]
        return None

    def create(self, name: str, inputs: Inputs) -> str:
        return self._gateway.create_api(
            Name=physical(name, inputs),
            ProtocolType=inputs["protocolType"],
            **given(CorsConfiguration=capitalised(inputs.get("corsConfiguration"))),
        )["ApiId"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._gateway.update_api(
            ApiId=id_,
            Name=physical(name, inputs),
            **given(CorsConfiguration=capitalised(inputs.get("corsConfiguration"))),
        )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {
            "name": physical(name, inputs),
            "arn": f"arn:aws:apigateway:{self.place.region}::/apis/{id_}",
            "executionArn": self.place.arn("execute-api", id_),
            "apiEndpoint": f"{self.place.url}/_aws/execute-api/{id_}",
        }

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._gateway.delete_api(ApiId=id_)


class Integration(_Part):
    """What answers."""

    type = "aws:apigatewayv2/integration:Integration"

    def find(self, name: str, inputs: Inputs) -> str | None:
        for integration in self._gateway.get_integrations(ApiId=inputs["apiId"])["Items"]:
            if integration.get("IntegrationUri") == inputs.get("integrationUri"):
                return integration["IntegrationId"]
        return None

    def create(self, name: str, inputs: Inputs) -> str:
        answer = self._gateway.create_integration(ApiId=inputs["apiId"], **self._fields(inputs))
        return answer["IntegrationId"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._gateway.update_integration(
            ApiId=inputs["apiId"], IntegrationId=id_, **self._fields(inputs)
        )
        return id_

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._gateway.delete_integration(ApiId=outputs["apiId"], IntegrationId=id_)

    @staticmethod
    def _fields(inputs: Inputs) -> dict[str, Any]:
        return given(
            IntegrationType=inputs["integrationType"],
            IntegrationUri=inputs.get("integrationUri"),
            PayloadFormatVersion=inputs.get("payloadFormatVersion"),
            TimeoutInMillis=inputs.get("timeoutMilliseconds"),
        )


class Route(_Part):
    """Which requests go where."""

    type = "aws:apigatewayv2/route:Route"

    def find(self, name: str, inputs: Inputs) -> str | None:
        for route in self._gateway.get_routes(ApiId=inputs["apiId"])["Items"]:
            if route["RouteKey"] == inputs["routeKey"]:
                return route["RouteId"]
        return None

    def create(self, name: str, inputs: Inputs) -> str:
        return self._gateway.create_route(ApiId=inputs["apiId"], **self._fields(inputs))["RouteId"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._gateway.update_route(ApiId=inputs["apiId"], RouteId=id_, **self._fields(inputs))
        return id_

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._gateway.delete_route(ApiId=outputs["apiId"], RouteId=id_)

    @staticmethod
    def _fields(inputs: Inputs) -> dict[str, Any]:
        return given(
            RouteKey=inputs["routeKey"],
            Target=inputs.get("target"),
            AuthorizationType=inputs.get("authorizationType"),
            AuthorizerId=inputs.get("authorizerId"),
            AuthorizationScopes=inputs.get("authorizationScopes"),
        )


class Stage(_Part):
    """A deployed API."""

    type = "aws:apigatewayv2/stage:Stage"

    def find(self, name: str, inputs: Inputs) -> str | None:
        for stage in self._gateway.get_stages(ApiId=inputs["apiId"])["Items"]:
            if stage["StageName"] == inputs["name"]:
                return inputs["name"]
        return None

    def create(self, name: str, inputs: Inputs) -> str:
        self._gateway.create_stage(
            ApiId=inputs["apiId"], StageName=inputs["name"], **self._fields(inputs)
        )
        return inputs["name"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._gateway.update_stage(ApiId=inputs["apiId"], StageName=id_, **self._fields(inputs))
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        path = "" if id_ == "$default" else f"/{id_}"
        return {
            "invokeUrl": f"{self.place.url}/_aws/execute-api/{inputs['apiId']}{path}",
            "arn": f"arn:aws:apigateway:{self.place.region}::/apis/{inputs['apiId']}/stages/{id_}",
            "executionArn": self.place.arn("execute-api", f"{inputs['apiId']}/{id_}"),
        }

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._gateway.delete_stage(ApiId=outputs["apiId"], StageName=id_)

    @staticmethod
    def _fields(inputs: Inputs) -> dict[str, Any]:
        return given(
            AutoDeploy=inputs.get("autoDeploy"),
            DefaultRouteSettings=capitalised(inputs.get("defaultRouteSettings")),
            AccessLogSettings=capitalised(inputs.get("accessLogSettings")),
        )


class Authorizer(_Part):
    """Whose tokens are believed."""

    type = "aws:apigatewayv2/authorizer:Authorizer"

    def find(self, name: str, inputs: Inputs) -> str | None:
        wanted = physical(name, inputs)
        for authorizer in self._gateway.get_authorizers(ApiId=inputs["apiId"])["Items"]:
            if authorizer["Name"] == wanted:
                return authorizer["AuthorizerId"]
        return None

    def create(self, name: str, inputs: Inputs) -> str:
        return self._gateway.create_authorizer(
            ApiId=inputs["apiId"], Name=physical(name, inputs), **self._fields(inputs)
        )["AuthorizerId"]

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._gateway.update_authorizer(
            ApiId=inputs["apiId"], AuthorizerId=id_, **self._fields(inputs)
        )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": physical(name, inputs)}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._gateway.delete_authorizer(ApiId=outputs["apiId"], AuthorizerId=id_)

    @staticmethod
    def _fields(inputs: Inputs) -> dict[str, Any]:
        jwt = inputs.get("jwtConfiguration")
        return given(
            AuthorizerType=inputs["authorizerType"],
            IdentitySource=inputs.get("identitySources"),
            JwtConfiguration={"Audience": jwt["audiences"], "Issuer": jwt["issuer"]}
            if jwt
            else None,
        )


MAKERS = (Api, Integration, Route, Stage, Authorizer)
