"""The deployed shop, as its operators use it: they fill the shelves and create the users."""

import json
import runpy
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from localcloud import Deployment, deploy, stack_config

ROOT = Path(__file__).parents[1]
STACK = "dev"


Progress = Callable[[str, str, float], None]


def silent(_type: str, _name: str, _seconds: float) -> None:
    pass


@dataclass(frozen=True)
class Goods:
    """An item, and how an order of it ends: by these counters, and by no switch in the code."""

    name: str
    available: int
    on_hand: int
    price_cents: int


TEA = Goods("tea", available=1_000, on_hand=1_000, price_cents=450)
TEAPOT = Goods("teapot", available=1_000, on_hand=0, price_cents=3_900)
"""Miscounted: an order of it is reserved and paid for, and then not found on the shelf."""
PIANO = Goods("piano", available=1, on_hand=1, price_cents=900_000)
"""No card pays for it at once."""
VASE = Goods("vase", available=0, on_hand=0, price_cents=2_500)
"""Sold out."""


@dataclass(frozen=True)
class Shop:
    endpoint: str
    """Of the local cloud."""
    region: str
    exports: Mapping[str, Any]
    resources: int
    seconds: float
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.Session("test", "test").client(
                service, region_name=self.region, endpoint_url=self.endpoint
            )
        return self._clients[service]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def stock(self, goods: Goods) -> None:
        row = {
            "PK": {"S": f"ITEM#{goods.name}"},
            "available": {"N": str(goods.available)},
            "reserved": {"N": "0"},
            "onHand": {"N": str(goods.on_hand)},
            "priceCents": {"N": str(goods.price_cents)},
        }
        self.client("dynamodb").put_item(TableName=self.exports["stock_table"], Item=row)

    def sign_up(self, email: str) -> tuple[str, str]:
        """Password and ID token of a new customer."""
        users, password = self.client("cognito-idp"), f"Aa1!{secrets.token_urlsafe(24)}"
        pool = self.exports["user_pool_id"]
        users.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
        users.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=password, Permanent=True
        )
        signed_in = users.initiate_auth(
            ClientId=self.exports["user_pool_client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return password, signed_in["AuthenticationResult"]["IdToken"]

    def has_published(self, order_id: str) -> bool:
        """Whether the saga has ended and the platform has taken its message."""
        machine: str = self.exports["state_machine_arn"]
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{order_id}"
        described = self.client("stepfunctions").describe_execution(executionArn=execution)
        return described["status"] != "RUNNING" and self._publish_queue_is_empty()

    def _publish_queue_is_empty(self) -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=self.exports["publish_queue_url"], AttributeNames=names
        )["Attributes"]
        return not any(int(attributes[name]) for name in names)


def deploy_shop(endpoint: str, page_origin: str, progress: Progress = silent) -> Shop:
    """The program as `pulumi up` deploys it, for pages of one origin, its shelves filled."""
    config = stack_config(ROOT, STACK)
    origins = {"orders:allowedOrigins": json.dumps([page_origin])}
    deployment: Deployment = deploy(
        lambda: runpy.run_path(str(ROOT), run_name="__main__"),
        endpoint=endpoint,
        stack=replace(config, values={**config.values, **origins}),
        progress=progress,
    )
    shop = Shop(
        endpoint, config.region, deployment.exports, deployment.resources, deployment.seconds
    )
    for goods in (TEA, TEAPOT, PIANO, VASE):
        shop.stock(goods)
    return shop
