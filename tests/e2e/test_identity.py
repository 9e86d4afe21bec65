"""Who is who, on the local cloud with IAM enforced: from a Cognito user to their own channel."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pulumi
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from cli.links import sign_up
from components import (
    ChannelRule,
    FunctionDefaults,
    RealtimeApi,
    RealtimeApiArgs,
    TokenArgs,
    Users,
    UsersArgs,
)
from handlers.realtime.identity.session_store import DynamoSessionStore
from localcloud import StackConfig, deploy
from tests.e2e.conftest import Cloud

REGION = "eu-west-1"
LAYER = f"arn:aws:lambda:{REGION}:000000000000:layer:none:1"
DEADLINE_SECONDS = 120


def rule(pattern: str, access: str) -> ChannelRule:
    return ChannelRule(pattern=pattern, access=access, delivery="every", publishers=["orders"])


def program() -> None:
    users = Users("people", UsersArgs())
    realtime = RealtimeApi(
        "private",
        RealtimeApiArgs(
            stage_name="private",
            channels=[rule("user:{sub}", "owner"), rule("news:*", "public")],
            throttling_rate_limit=1000,
            defaults=FunctionDefaults(log_retention_days=1, layer_arn=LAYER),
            tokens=TokenArgs(issuer=users.issuer, audiences=[users.client_id]),
            ticket_api=True,
        ),
    )
    pulumi.export("pool_id", users.pool_id)
    pulumi.export("client_id", users.client_id)
    for output in (
        *("endpoint", "tickets_url", "table_name", "publish_queue_url"),
        *("revoke_function_name", "ticket_function_name"),
    ):
        pulumi.export(output, getattr(realtime, output))


@dataclass
class Person:
    """A signed-in user of the pool."""

    token: str
    sub: str = field(init=False)

    def __post_init__(self) -> None:
        self.sub = jwt.decode(self.token, options={"verify_signature": False})["sub"]

    @property
    def channel(self) -> str:
        return f"user:{quote(self.sub, safe='')}"

    @property
    def authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass
class Private:
    """The deployed API and its pool."""

    cloud: Cloud
    exports: dict[str, Any]

    def client(self, service: str) -> Any:
        return self.cloud.client(service, REGION)

    def sign_up(self) -> Person:
        return Person(
            sign_up(
                endpoint_url=self.cloud.endpoint,
                region=REGION,
                user_pool_id=self.exports["pool_id"],
                client_id=self.exports["client_id"],
                email=f"{uuid.uuid4()}@example.com",
            )
        )

    def post_ticket(self, person: Person | None, body: object = None) -> httpx.Response:
        return httpx.post(
            self.exports["tickets_url"],
            json=body,
            headers=person.authorization if person else None,
            timeout=DEADLINE_SECONDS,
        )

    def ticket(self, person: Person, **body: Any) -> str:
        answer = self.post_ticket(person, body or None)
        assert answer.status_code == 201, answer.text
        return answer.json()["ticket"]

    def connect(self, ticket: str, query: str = "") -> websockets.connect:
        return websockets.connect(f"{self.exports['endpoint']}?ticket={ticket}{query}")

    def publish(self, channel: str, value: dict[str, Any]) -> None:
        message = {"channel": channel, "value": value, "id": str(uuid.uuid4()), "source": "orders"}
        self.client("sqs").send_message(
            QueueUrl=self.exports["publish_queue_url"],
            MessageBody=json.dumps(message),
            MessageGroupId=channel,
            MessageDeduplicationId=message["id"],
        )

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return json.loads(answer["Payload"].read())

    async def expire(self, connection_id: str) -> None:
        """As if its token had just ended."""
        store = DynamoSessionStore(self.client("dynamodb"), self.exports["table_name"])
        await store.put_expiry(connection_id, int(time.time()))
        await store.put_swept(int(time.time()) // 60 - 1)

    @property
    def sweep_function(self) -> str:
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        (name,) = (
            function["FunctionName"]
            for page in pages
            for function in page["Functions"]
            if function["FunctionName"].startswith("private-expire")
        )
        return name

    def sessions(self, person: Person) -> set[str]:
        """Ids of the user's connections."""
        answer = self.client("dynamodb").query(
            TableName=self.exports["table_name"],
            KeyConditionExpression="PK = :principal AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={
                ":principal": {"S": f"PRINCIPAL#{person.sub}"},
                ":prefix": {"S": "CONN#"},
            },
            ConsistentRead=True,
        )
        return {item["SK"]["S"].removeprefix("CONN#") for item in answer["Items"]}


@pytest.fixture(scope="module")
def private(cloud: Cloud) -> Private:
    stack = StackConfig(project="test", stack="private", values={"aws:region": REGION})
    return Private(cloud, dict(deploy(program, endpoint=cloud.endpoint, stack=stack).exports))


@pytest.fixture(scope="module")
def alice(private: Private) -> Person:
    return private.sign_up()


@pytest.fixture(scope="module")
def bob(private: Private) -> Person:
    return private.sign_up()


async def say(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await heard(socket)


async def heard(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), DEADLINE_SECONDS))


def status_of(attempt: Callable[[], Awaitable[object]]) -> int:
    """What the handshake is answered with; 101 opens the socket."""

    async def connect() -> int:
        try:
            socket: Any = await attempt()
        except websockets.InvalidStatus as refused:
            return refused.response.status_code
        await socket.close()
        return 101

    return asyncio.run(connect())


def test_a_user_gets_a_ticket_and_hears_what_is_theirs(private: Private, alice: Person) -> None:
    async def scenario() -> list[dict[str, Any]]:
        async with private.connect(private.ticket(alice)) as socket:
            subscribed = await say(socket, action="subscribe", channel=alice.channel)
            private.publish(alice.channel, {"message": "confirmed"})
            return [subscribed["realtime"], await heard(socket)]

    subscribed, frame = asyncio.run(scenario())
    assert (subscribed["event"], subscribed["channel"]) == ("subscribed", alice.channel)
    assert frame["message"] == "confirmed"


def test_another_users_channel_is_forbidden(private: Private, alice: Person, bob: Person) -> None:
    async def scenario() -> dict[str, Any]:
        async with private.connect(private.ticket(bob)) as socket:
            return await say(socket, action="subscribe", channel=alice.channel)

    assert asyncio.run(scenario())["realtime"]["code"] == "forbidden"


def test_a_ticket_opens_one_socket_and_no_channel_but_its_own(
    private: Private, alice: Person, bob: Person
) -> None:
    ticket = private.ticket(alice, channels=["news:today"])
    foreign = private.ticket(bob)
    assert status_of(lambda: private.connect(ticket, "&channel=news:today").__aenter__()) == 101
    assert status_of(lambda: private.connect(ticket, "&channel=news:today").__aenter__()) == 403
    bound = private.ticket(alice, channels=["news:today"])
    assert status_of(lambda: private.connect(bound, "&channel=news:old").__aenter__()) == 403
    query = f"&channel={quote(alice.channel)}"
    assert status_of(lambda: private.connect(foreign, query).__aenter__()) == 403


def test_a_token_in_the_header_does_without_a_ticket(private: Private, alice: Person) -> None:
    def attempt(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        endpoint = private.exports["endpoint"]
        return status_of(
            lambda: websockets.connect(endpoint, additional_headers=headers).__aenter__()
        )

    signed, _, signature = alice.token.rpartition(".")
    assert attempt(alice.token) == 101
    assert attempt(f"{signed}.{signature[::-1]}") == 403


def test_a_ticket_is_given_for_a_token_and_for_channels_that_it_permits(
    private: Private, alice: Person, bob: Person
) -> None:
    answers = [
        private.post_ticket(None),
        private.post_ticket(alice, {"channels": [bob.channel]}),
        private.post_ticket(alice, {"channels": "news:today"}),
        private.post_ticket(alice, {"channels": [alice.channel]}),
    ]
    assert [answer.status_code for answer in answers] == [401, 403, 400, 201]


def test_whoever_is_logged_out_everywhere_is_cut_off_and_not_let_in_again(
    private: Private, alice: Person
) -> None:
    person = private.sign_up()
    later = private.ticket(person)

    async def scenario() -> int | None:
        async with (
            private.connect(private.ticket(person)) as socket,
            private.connect(private.ticket(alice)) as other,
        ):
            event = {"principal": person.sub}
            assert private.invoke(private.exports["revoke_function_name"], event) == {
                "connections": 1
            }
            await asyncio.wait_for(socket.wait_closed(), DEADLINE_SECONDS)
            assert (await say(other, action="ping"))["realtime"]["event"] == "pong"
            return socket.close_code

    assert asyncio.run(scenario()) == 1000
    assert private.sessions(person) == set()
    assert status_of(lambda: private.connect(later).__aenter__()) == 403


def test_the_sweeper_closes_what_is_due_and_nothing_else(private: Private, bob: Person) -> None:
    person = private.sign_up()

    async def scenario() -> None:
        async with (
            private.connect(private.ticket(person)) as socket,
            private.connect(private.ticket(bob)) as other,
        ):
            (connection_id,) = private.sessions(person)
            await private.expire(connection_id)
            private.invoke(private.sweep_function, {})  # or its own schedule was there before
            await asyncio.wait_for(socket.wait_closed(), DEADLINE_SECONDS)
            assert (await say(other, action="ping"))["realtime"]["event"] == "pong"

    asyncio.run(scenario())
