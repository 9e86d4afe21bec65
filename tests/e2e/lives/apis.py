"""APIs, their addresses and certificates."""

from tests.e2e.lives.case import (
    API,
    AUTHORIZER,
    CERTIFICATE,
    DOMAIN,
    FUNCTION,
    INTEGRATION,
    ROUTE,
    STAGE,
    Case,
)

CASES: dict[str, Case] = {
    API: Case(
        lambda _: {
            "protocolType": "HTTP",
            "corsConfiguration": {"allowOrigins": ["https://a.example"], "maxAge": 60},
        },
        {"corsConfiguration": {"allowOrigins": ["https://b.example"], "maxAge": 60}},
    ),
    AUTHORIZER: Case(
        lambda world: {
            "apiId": world.id(API),
            "authorizerType": "JWT",
            "identitySources": ["$request.header.Authorization"],
            "jwtConfiguration": {"audiences": ["a"], "issuer": "https://issuer.example"},
        },
        {"jwtConfiguration": {"audiences": ["a", "b"], "issuer": "https://issuer.example"}},
    ),
    INTEGRATION: Case(
        lambda world: {
            "apiId": world.id(API),
            "integrationType": "AWS_PROXY",
            "integrationUri": world.of(FUNCTION).outputs["invokeArn"],
            "timeoutMilliseconds": 1000,
        },
        {"timeoutMilliseconds": 2000},
    ),
    "aws:apigatewayv2/integrationResponse:IntegrationResponse": Case(
        lambda world: {
            "apiId": world.id(API),
            "integrationId": world.id(INTEGRATION),
            "integrationResponseKey": "$default",
            "responseTemplates": {"a": "1"},
        },
        {"responseTemplates": {"a": "2"}},
    ),
    ROUTE: Case(
        lambda world: {
            "apiId": world.id(API),
            "routeKey": "GET /a",
            "target": f"integrations/{world.id(INTEGRATION)}",
        },
        {"routeKey": "GET /b"},
    ),
    "aws:apigatewayv2/routeResponse:RouteResponse": Case(
        lambda world: {
            "apiId": world.id(API),
            "routeId": world.id(ROUTE),
            "routeResponseKey": "$default",
            "modelSelectionExpression": "a",
        },
        {"modelSelectionExpression": "b"},
    ),
    "aws:apigatewayv2/deployment:Deployment": Case(
        lambda world: {"apiId": world.id(API), "triggers": {"routes": "1"}},
    ),
    STAGE: Case(
        lambda world: {
            "apiId": world.id(API),
            "name": "live",
            "defaultRouteSettings": {"throttlingRateLimit": 5, "throttlingBurstLimit": 5},
        },
        {"defaultRouteSettings": {"throttlingRateLimit": 6, "throttlingBurstLimit": 5}},
    ),
    DOMAIN: Case(
        lambda world: {
            "domainName": "live.example.com",
            "domainNameConfiguration": {
                "certificateArn": world.arn(CERTIFICATE),
                "endpointType": "REGIONAL",
                "securityPolicy": "TLS_1_2",
            },
            "routingMode": "API_MAPPING_ONLY",
        },
        {"routingMode": "ROUTING_RULE_THEN_API_MAPPING"},
    ),
    "aws:apigatewayv2/apiMapping:ApiMapping": Case(
        lambda world: {
            "apiId": world.id(API),
            "domainName": world.id(DOMAIN),
            "stage": world.id(STAGE),
            "apiMappingKey": "v1",
        },
        {"apiMappingKey": "v2"},
    ),
    CERTIFICATE: Case(lambda _: {"domainName": "live.example.com", "validationMethod": "DNS"}),
    "aws:route53/record:Record": Case(
        lambda world: {
            "zoneId": world.zone,
            "name": "proof.example.com",
            "type": "CNAME",
            "records": ["a.example.com"],
            "ttl": 60,
        },
        {"records": ["b.example.com"]},
    ),
}
