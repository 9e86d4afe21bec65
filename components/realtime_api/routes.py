"""Routes of the WebSocket API, each with its integration and, where it has one, its reply."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources.function import Function
from .args import RealtimeApiArgs
from .definition import DEFAULT, Definition, Mock, Route


@dataclass(frozen=True)
class Routing:
    """Makes the definition's resources for one API, as children of one component."""

    name: str
    api: aws.apigatewayv2.Api
    args: RealtimeApiArgs
    definition: Definition
    parent: pulumi.Resource

    def resources(
        self, functions: Mapping[str, Function], authorizer: aws.apigatewayv2.Authorizer
    ) -> list[pulumi.Resource]:
        """All that a deployment takes a snapshot of."""
        made: list[pulumi.Resource] = [authorizer]
        integrations: dict[str, aws.apigatewayv2.Integration] = {}
        for key, function in functions.items():
            integrations[key] = self._proxy(key, function)
        for key, mock in self.definition.mocks.items():
            integrations[key] = self._mock(key, mock)
            made.append(self._mock_response(key, mock, integrations[key]))
        for route in self.definition.routes:
            made += self._route(route, integrations[route.integration], authorizer)
            if route.integration in functions:
                source = f"/{self.args.stage_name}/{route.key}"
                arn = pulumi.Output.concat(self.api.execution_arn, source)
                made.append(self._may_invoke(route.name, functions[route.integration], arn))
        return [*integrations.values(), *made]

    def authorizer(self, function: Function) -> aws.apigatewayv2.Authorizer:
        """Asked on every connect. No identity sources: a public channel needs no credentials."""
        authorizer = aws.apigatewayv2.Authorizer(
            f"{self.name}-authorizer",
            api_id=self.api.id,
            authorizer_type=self.definition.authorizer_type,
            authorizer_uri=function.invoke_arn,
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
        source = pulumi.Output.concat(self.api.execution_arn, "/authorizers/", authorizer.id)
        self._may_invoke("authorize", function, source)
        return authorizer

    def _proxy(self, key: str, function: Function) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            f"{self.name}-{key}-integration",
            api_id=self.api.id,
            integration_type=self.definition.integration_type,
            integration_method="POST",
            integration_uri=function.invoke_arn,
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )

    def _mock(self, key: str, mock: Mock) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            f"{self.name}-{key}-integration",
            api_id=self.api.id,
            integration_type="MOCK",
            template_selection_expression=mock.selection_expression,
            request_templates={DEFAULT: mock.request},
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )

    def _mock_response(
        self, key: str, mock: Mock, integration: aws.apigatewayv2.Integration
    ) -> aws.apigatewayv2.IntegrationResponse:
        return aws.apigatewayv2.IntegrationResponse(
            f"{self.name}-{key}-integration-response",
            api_id=self.api.id,
            integration_id=integration.id,
            integration_response_key=DEFAULT,
            template_selection_expression=mock.selection_expression,
            response_templates={DEFAULT: mock.response},
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )

    def _route(
        self,
        route: Route,
        integration: aws.apigatewayv2.Integration,
        authorizer: aws.apigatewayv2.Authorizer,
    ) -> list[pulumi.Resource]:
        made = aws.apigatewayv2.Route(
            f"{self.name}-{route.name}-route",
            api_id=self.api.id,
            route_key=route.key,
            target=pulumi.Output.concat("integrations/", integration.id),
            authorization_type=route.authorization,
            authorizer_id=authorizer.id if route.authorization == "CUSTOM" else None,
            route_response_selection_expression=DEFAULT if route.replies else None,
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
        if not route.replies:
            return [made]
        response = aws.apigatewayv2.RouteResponse(
            f"{self.name}-{route.name}-route-response",
            api_id=self.api.id,
            route_id=made.id,
            route_response_key=DEFAULT,
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
        return [made, response]

    def _may_invoke(
        self, key: str, function: Function, source_arn: pulumi.Output[str]
    ) -> aws.lambda_.Permission:
        return aws.lambda_.Permission(
            f"{self.name}-{key}-permission",
            action="lambda:InvokeFunction",
            function=function.name,
            principal="apigateway.amazonaws.com",
            source_arn=source_arn,
            region=self.args.region,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
