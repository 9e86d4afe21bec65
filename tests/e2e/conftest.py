"""One local cloud for the whole tier, and the real program deployed on it as `stack` and `prod`."""

import json
import runpy
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.links import sign_up
from localcloud import StackConfig, aws_provider, deploy, server, stack_config
from tests.calls.held import calls_aws_would_take
from tests.e2e.plugin import Plugin, attached

__all__ = ["calls_aws_would_take"]

ROOT = Path(__file__).parents[2]


@dataclass
class Cloud:
    """A running local cloud, and clients of it with all permissions."""

    endpoint: str
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    def client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.Session("test", "test").client(
                service, region_name=region, endpoint_url=self.endpoint
            )
        return self._clients[service, region]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@dataclass
class Stack:
    """The program, deployed: what it exports, and the hands that a test needs behind the scenes."""

    cloud: Cloud
    config: StackConfig
    exports: dict[str, Any]

    def client(self, service: str) -> Any:
        return self.cloud.client(service, self.config.region)

    @property
    def allowed_origins(self) -> list[str]:
        return json.loads(self.config.values["realtime:allowedOrigins"])

    def sign_up(self) -> str:
        """The ID token of a new user."""
        return sign_up(
            endpoint_url=self.cloud.endpoint,
            region=self.config.region,
            user_pool_id=self.exports["user_pool_id"],
            client_id=self.exports["user_pool_client_id"],
            email=f"{uuid.uuid4()}@example.com",
        )

    @cached_property
    def token(self) -> str:
        """The ID token of a user that all tests share."""
        return self.sign_up()

    def watch_url(self, code: str) -> str:
        return f"{self.exports['endpoint']}?code={code}"

    def connections(self, code: str) -> set[str]:
        """Ids of the connections that watch the link."""
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.exports["realtime_table"],
                KeyConditionExpression="PK = :channel AND begins_with(SK, :prefix)",
                ExpressionAttributeValues={
                    ":channel": {"S": f"CHANNEL#link:{code}"},
                    ":prefix": {"S": "CONN#"},
                },
                ConsistentRead=True,
            )
        )
        return {item["SK"]["S"].removeprefix("CONN#") for page in pages for item in page["Items"]}

    def known_connections(self) -> set[str]:
        """Ids of all connections that the platform believes to be open."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.exports["realtime_table"],
                FilterExpression="begins_with(PK, :prefix) AND SK = :meta",
                ExpressionAttributeValues={":prefix": {"S": "CONN#"}, ":meta": {"S": "META"}},
                ConsistentRead=True,
            )
        )
        return {item["PK"]["S"].removeprefix("CONN#") for page in pages for item in page["Items"]}

    def open_connections(self, connection_ids: set[str]) -> int:
        """How many of these the gateway itself holds open."""
        gateway = self.management
        found = 0
        for connection_id in connection_ids:
            with suppress(gateway.exceptions.GoneException):
                gateway.get_connection(ConnectionId=connection_id)
                found += 1
        return found

    @cached_property
    def management(self) -> Any:
        return boto3.Session("test", "test").client(
            "apigatewaymanagementapi",
            region_name=self.config.region,
            endpoint_url=self.exports["endpoint"].replace("ws", "http", 1),
        )

    @contextmanager
    def disconnect_withheld(self) -> Generator[None]:
        """`$disconnect` comes to nothing, as AWS promises no more than its best effort."""
        with self.withheld("handlers.realtime.functions.disconnect.handler"):
            yield

    @contextmanager
    def withheld(self, handler: str) -> Generator[None]:
        """The function may do nothing, as when its policy was broken by a deployment."""
        role = self._role_of(handler)
        deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        iam = self.client("iam")
        iam.put_role_policy(RoleName=role, PolicyName="withheld", PolicyDocument=document)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="withheld")

    def _role_of(self, handler: str) -> str:
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        (role,) = {
            function["Role"]
            for page in pages
            for function in page["Functions"]
            if function["Handler"] == handler and self._is_ours(function)
        }
        return role.rpartition("/")[2]

    def _is_ours(self, function: dict[str, Any]) -> bool:
        """Another stack in the region has the same handlers, and other tables."""
        variables = function["Environment"]["Variables"]
        return self.exports["realtime_table"] in variables.values()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def deliver(self, click: dict[str, Any]) -> None:
        """Puts the message of a click on the queue, once more if it was there before."""
        queue = self.exports["click_queue_url"]
        self.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(click))

    @cached_property
    def delivery_queue_url(self) -> str:
        prefix = "realtime-delivery-queue-source"
        (url,) = self.client("sqs").list_queues(QueueNamePrefix=prefix)["QueueUrls"]
        return url

    def queue_depth(self, url: str | None = None) -> int:
        """Messages that are not acknowledged yet, by default of the click queue."""
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=url or self.exports["click_queue_url"],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return sum(int(count) for count in attributes.values())


def _deployed(cloud: Cloud, name: str) -> Stack:
    config = stack_config(ROOT, name)
    deployment = deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        endpoint=cloud.endpoint,
        stack=config,
    )
    return Stack(cloud, config, dict(deployment.exports))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for the whole tier: a cloud for each would share the same two cores."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "e2e"):
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def cloud() -> Generator[Cloud]:
    with server() as endpoint:
        cloud = Cloud(endpoint)
        yield cloud
        cloud.close()


@pytest.fixture(scope="session")
def stack(cloud: Cloud) -> Stack:
    return _deployed(cloud, "dev")


@pytest.fixture(scope="session")
def prod(cloud: Cloud) -> Stack:
    return _deployed(cloud, "prod")


@pytest.fixture(scope="session")
def aws_port(cloud: Cloud) -> Generator[int]:
    with aws_provider(cloud.endpoint) as port:
        yield port


@pytest.fixture(scope="session")
def plugin(aws_port: int) -> Generator[Plugin]:
    """The AWS provider in eu-west-1, as Pulumi's engine has it."""
    with attached(aws_port, "eu-west-1") as plugin:
        yield plugin
