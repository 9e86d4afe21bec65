"""HTTP and WebSocket APIs. Their addresses are this machine's, with the API's id in the path."""

from collections.abc import Mapping
from typing import Any

from .recipe import Accepted, Call, Created, Inputs, Name, Recipe

TYPE = "aws:apigatewayv2"
OF_API = {"ApiId": "{state[apiId]}"}
STAGE = "arn:aws:apigateway:{region}::/apis/{request[ApiId]}/stages/"
MADE_UP = frozenset({"hostedZoneId", "targetDomainName"})
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


def _cors(client: Any, api: Created) -> Mapping[str, Any]:
    if cors := api.request.get("CorsConfiguration"):
        client.update_api(ApiId=api.id, CorsConfiguration=cors)
    else:
        client.delete_cors_configuration(ApiId=api.id)
    return {}


def _authorizer(inputs: Inputs) -> Inputs:
    """`IdentitySource` is required by boto3 and optional everywhere else."""
    return {"identitySources": [], **inputs}


def _stage(inputs: Inputs) -> Inputs:
    """Settings of routes: a list that names its routes, where the request has a map by route."""
    routes = inputs.pop("routeSettings", None)
    if routes is None:
        return inputs
    by_route = {
        route["routeKey"]: {key: value for key, value in route.items() if key != "routeKey"}
        for route in routes
    }
    return inputs | {"routeSettings": by_route}


def _domain(inputs: Inputs) -> Inputs:
    """The request has a list of configurations, the input one, with values that AWS makes up."""
    configuration = inputs.pop("domainNameConfiguration")
    wanted = {key: value for key, value in configuration.items() if key not in MADE_UP}
    return inputs | {"domainNameConfigurations": [wanted]}


def _domain_target(client: Any, domain: Created) -> Mapping[str, Any]:
    (made,) = client.get_domain_name(DomainName=domain.id)["DomainNameConfigurations"]
    configuration = {
        **domain.inputs["domainNameConfiguration"],
        "hostedZoneId": made["HostedZoneId"],
        "targetDomainName": made["ApiGatewayDomainName"],
    }
    return {"domainNameConfiguration": configuration}


RECIPES: Mapping[str, Recipe | Accepted] = {
    f"{TYPE}/api:Api": Recipe(
        service="apigatewayv2",
        operation="CreateApi",
        id="{response[ApiId]}",
        name=Name(),
        outputs={
            "arn": "arn:aws:apigateway:{region}::/apis/{response[ApiId]}",
            "executionArn": EXECUTION + "{response[ApiId]}",
        },
        computed=_api_address,
        made_up=frozenset({"apiEndpoint"}),
        replaces=frozenset({"credentialsArn", "protocolType", "routeKey", "target"}),
        defaults={
            "description": "",
            "disableExecuteApiEndpoint": False,
            "routeSelectionExpression": "$request.method $request.path",
        },
        kept=frozenset({"ipAddressType"}),
        changes={"corsConfiguration": _cors},
        reads={"corsConfiguration": "CorsConfiguration"},
        key={"ApiId": "{id}"},
        read=Call(operation="GetApi"),
        found="@",
        update="UpdateApi",
        delete=Call(operation="DeleteApi"),
    ),
    f"{TYPE}/authorizer:Authorizer": Recipe(
        service="apigatewayv2",
        operation="CreateAuthorizer",
        id="{response[AuthorizerId]}",
        name=Name(),
        prepare=_authorizer,
        replaces=frozenset({"apiId"}),
        key={**OF_API, "AuthorizerId": "{id}"},
        read=Call(operation="GetAuthorizer"),
        found="@",
        update="UpdateAuthorizer",
        delete=Call(operation="DeleteAuthorizer"),
    ),
    f"{TYPE}/integration:Integration": Recipe(
        service="apigatewayv2",
        operation="CreateIntegration",
        id="{response[IntegrationId]}",
        rename={"timeoutMilliseconds": "TimeoutInMillis"},
        replaces=frozenset({"apiId", "integrationSubtype", "integrationType"}),
        defaults={"connectionType": "INTERNET"},
        kept=frozenset({"timeoutMilliseconds"}),
        key={**OF_API, "IntegrationId": "{id}"},
        read=Call(operation="GetIntegration"),
        found="@",
        update="UpdateIntegration",
        delete=Call(operation="DeleteIntegration"),
    ),
    f"{TYPE}/integrationResponse:IntegrationResponse": Recipe(
        service="apigatewayv2",
        operation="CreateIntegrationResponse",
        id="{response[IntegrationResponseId]}",
        replaces=frozenset({"apiId", "integrationId"}),
        key={
            **OF_API,
            "IntegrationId": "{state[integrationId]}",
            "IntegrationResponseId": "{id}",
        },
        read=Call(operation="GetIntegrationResponse"),
        found="@",
        update="UpdateIntegrationResponse",
        delete=Call(operation="DeleteIntegrationResponse"),
    ),
    f"{TYPE}/route:Route": Recipe(
        service="apigatewayv2",
        operation="CreateRoute",
        id="{response[RouteId]}",
        replaces=frozenset({"apiId"}),
        defaults={"apiKeyRequired": False, "authorizationType": "NONE"},
        key={**OF_API, "RouteId": "{id}"},
        read=Call(operation="GetRoute"),
        found="@",
        update="UpdateRoute",
        delete=Call(operation="DeleteRoute"),
    ),
    f"{TYPE}/routeResponse:RouteResponse": Recipe(
        service="apigatewayv2",
        operation="CreateRouteResponse",
        id="{response[RouteResponseId]}",
        replaces=frozenset({"apiId", "routeId"}),
        key={**OF_API, "RouteId": "{state[routeId]}", "RouteResponseId": "{id}"},
        read=Call(operation="GetRouteResponse"),
        found="@",
        update="UpdateRouteResponse",
        delete=Call(operation="DeleteRouteResponse"),
    ),
    f"{TYPE}/deployment:Deployment": Recipe(
        service="apigatewayv2",
        operation="CreateDeployment",
        id="{response[DeploymentId]}",
        ignore=frozenset({"triggers"}),
        replaces=frozenset({"apiId", "triggers"}),
        key={**OF_API, "DeploymentId": "{id}"},
        read=Call(operation="GetDeployment"),
        found="@",
        delete=Call(operation="DeleteDeployment"),
    ),
    f"{TYPE}/stage:Stage": Recipe(
        service="apigatewayv2",
        operation="CreateStage",
        id="{response[StageName]}",
        name=Name(),
        rename={"name": "StageName"},
        outputs={
            "arn": STAGE + "{response[StageName]}",
            "executionArn": EXECUTION + "{request[ApiId]}/{response[StageName]}",
        },
        prepare=_stage,
        computed=_stage_address,
        made_up=frozenset({"invokeUrl"}),
        replaces=frozenset({"apiId", "name"}),
        defaults={"accessLogSettings": {}, "autoDeploy": False, "routeSettings": []},
        kept=frozenset({"defaultRouteSettings", "deploymentId"}),
        key={**OF_API, "StageName": "{id}"},
        read=Call(operation="GetStage"),
        found="@",
        update="UpdateStage",
        delete=Call(operation="DeleteStage"),
    ),
    f"{TYPE}/domainName:DomainName": Recipe(
        service="apigatewayv2",
        operation="CreateDomainName",
        id="{response[DomainName]}",
        outputs={
            "apiMappingSelectionExpression": "{response[ApiMappingSelectionExpression]}",
            "arn": "arn:aws:apigateway:{region}::/domainnames/{response[DomainName]}",
        },
        prepare=_domain,
        kept=frozenset({"routingMode"}),
        computed=_domain_target,
        made_up=frozenset(f"domainNameConfiguration.{name}" for name in MADE_UP),
        replaces=frozenset({"domainName"}),
        key={"DomainName": "{id}"},
        read=Call(operation="GetDomainName"),
        found="@",
        update="UpdateDomainName",
        delete=Call(operation="DeleteDomainName"),
    ),
    f"{TYPE}/apiMapping:ApiMapping": Recipe(
        service="apigatewayv2",
        operation="CreateApiMapping",
        id="{response[ApiMappingId]}",
        replaces=frozenset({"domainName"}),
        key={"DomainName": "{state[domainName]}", "ApiMappingId": "{id}"},
        read=Call(operation="GetApiMapping"),
        found="@",
        update="UpdateApiMapping",
        delete=Call(operation="DeleteApiMapping"),
    ),
    "aws:apigateway/account:Account": Accepted(because="API Gateway writes no logs here"),
}
