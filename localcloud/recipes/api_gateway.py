"""HTTP and WebSocket APIs. Their addresses are this machine's, with the API's id in the path."""

from collections.abc import Mapping
from typing import Any

from .recipe import Accepted, Created, Inputs, Recipe

TYPE = "aws:apigatewayv2"
STAGE = "arn:aws:apigateway:{region}::/apis/{request[ApiId]}/stages/"
EXECUTION = "arn:aws:execute-api:{region}:{account}:"


def _api_address(_client: Any, api: Created) -> Mapping[str, str]:
    return {"apiEndpoint": _address(api.endpoint, api.inputs["protocolType"], api.id)}


def _stage_address(client: Any, stage: Created) -> Mapping[str, str]:
    """The `$default` stage of an HTTP API has no name in its address."""
    api = str(stage.request["ApiId"])
    address = _address(stage.endpoint, client.get_api(ApiId=api)["ProtocolType"], api)
    return {"invokeUrl": address if stage.id == "$default" else f"{address}/{stage.id}"}


def _address(endpoint: str, protocol: str, api: str) -> str:
    base = endpoint.replace("http", "ws", 1) if protocol == "WEBSOCKET" else endpoint
    return f"{base}/_aws/execute-api/{api}"


def _authorizer(inputs: Inputs) -> Inputs:
    """`IdentitySource` is required by boto3 and optional everywhere else."""
    return {"identitySources": [], **inputs}


def _stage(inputs: Inputs) -> Inputs:
    """Settings of routes: a list that names its routes, where the request has a map by route."""
    routes = inputs.pop("routeSettings", None)
    if not routes:
        return inputs
    by_route = {
        route["routeKey"]: {key: value for key, value in route.items() if key != "routeKey"}
        for route in routes
    }
    return inputs | {"routeSettings": by_route}


RECIPES: Mapping[str, Recipe | Accepted] = {
    f"{TYPE}/api:Api": Recipe(
        service="apigatewayv2",
        operation="CreateApi",
        id="{response[ApiId]}",
        name="name",
        outputs={"executionArn": EXECUTION + "{response[ApiId]}"},
        after=(_api_address,),
    ),
    f"{TYPE}/authorizer:Authorizer": Recipe(
        service="apigatewayv2",
        operation="CreateAuthorizer",
        id="{response[AuthorizerId]}",
        name="name",
        prepare=_authorizer,
    ),
    f"{TYPE}/integration:Integration": Recipe(
        service="apigatewayv2",
        operation="CreateIntegration",
        id="{response[IntegrationId]}",
        rename={"timeoutMilliseconds": "TimeoutInMillis"},
    ),
    f"{TYPE}/integrationResponse:IntegrationResponse": Recipe(
        service="apigatewayv2",
        operation="CreateIntegrationResponse",
        id="{response[IntegrationResponseId]}",
    ),
    f"{TYPE}/route:Route": Recipe(
        service="apigatewayv2", operation="CreateRoute", id="{response[RouteId]}"
    ),
    f"{TYPE}/routeResponse:RouteResponse": Recipe(
        service="apigatewayv2", operation="CreateRouteResponse", id="{response[RouteResponseId]}"
    ),
    f"{TYPE}/deployment:Deployment": Recipe(
        service="apigatewayv2",
        operation="CreateDeployment",
        id="{response[DeploymentId]}",
        ignore=frozenset({"triggers"}),
    ),
    f"{TYPE}/stage:Stage": Recipe(
        service="apigatewayv2",
        operation="CreateStage",
        id="{response[StageName]}",
        rename={"name": "StageName"},
        outputs={
            "arn": STAGE + "{response[StageName]}",
            "executionArn": EXECUTION + "{request[ApiId]}/{response[StageName]}",
        },
        prepare=_stage,
        after=(_stage_address,),
    ),
    "aws:apigateway/account:Account": Accepted(because="API Gateway writes no logs here"),
}
