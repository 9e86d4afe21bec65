"""What a type is tried with, and what it needs to be there first."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.conftest import Cloud
from tests.e2e.plugin import Plugin, Properties, Resource

API = "aws:apigatewayv2/api:Api"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
BUS = "aws:cloudwatch/eventBus:EventBus"
CERTIFICATE = "aws:acm/certificate:Certificate"
DOMAIN = "aws:apigatewayv2/domainName:DomainName"
FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:cloudwatch/logGroup:LogGroup"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
KEY = "aws:kms/key:Key"
POOL = "aws:cognito/userPool:UserPool"
QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"
ROUTE = "aws:apigatewayv2/route:Route"
RULE = "aws:cloudwatch/eventRule:EventRule"
STAGE = "aws:apigatewayv2/stage:Stage"
TABLE = "aws:dynamodb/table:Table"
TOPIC = "aws:sns/topic:Topic"


@dataclass(frozen=True)
class Case:
    inputs: Callable[["World"], Properties]
    change: Callable[["World"], Properties] | Properties = field(default_factory=dict[str, Any])
    """Inputs that an update changes in place; none where every change is a replacement."""
    unread: frozenset[str] = frozenset()
    """Inputs of the change that the way back from the API's answer does not lead to."""

    def changed(self, world: "World") -> Properties:
        return self.change(world) if callable(self.change) else self.change


@dataclass
class World:
    """What a resource needs to be there first, each made once."""

    cloud: Cloud
    plugin: Plugin
    cases: dict[str, Case]
    made: dict[str, Resource] = field(default_factory=dict[str, Resource])

    def of(self, type_: str) -> Resource:
        if type_ not in self.made:
            inputs = self.cases[type_].inputs(self)
            self.made[type_] = self.plugin.create(type_, "needed", inputs)
        return self.made[type_]

    def id(self, type_: str) -> str:
        return self.of(type_).id

    def arn(self, type_: str) -> str:
        return self.of(type_).outputs["arn"]

    @property
    def zone(self) -> str:
        route53 = self.cloud.client("route53", "us-east-1")
        zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")
        return zone["HostedZone"]["Id"].rpartition("/")[2]


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowed(action: str) -> str:
    return document(Effect="Allow", Action=action, Resource="*")
