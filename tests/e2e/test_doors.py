"""Publishing from outside, as a team's own role may: by the queue, by the bus, and no other way."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest
import websockets
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs
from components.resources.event_route import EventRoute, EventRouteArgs
from components.resources.queue import Queue, QueueArgs
from localcloud import StackConfig, deploy
from tests.e2e.conftest import Cloud

REGION = "eu-west-1"
FRAME_SECONDS = 120
INLINE_MAXIMUM = 2
ANYBODY_OF_THE_ACCOUNT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        ],
    }
)


def rule(pattern: str, delivery: str) -> ChannelRule:
    return ChannelRule(pattern=pattern, access="public", delivery=delivery, publishers=["orders"])


def program() -> None:
    realtime = RealtimeApi(
        "doors",
        RealtimeApiArgs(
            stage_name="doors",
            channels=[rule("order:*", "latest"), rule("news:*", "every")],
            throttling_rate_limit=1000,
            throttling_burst_limit=1000,
            defaults=FunctionDefaults(
                log_retention_days=1, layer_arn="arn:aws:lambda:eu-west-1:000000000000:layer:none:1"
            ),
            inline_maximum=INLINE_MAXIMUM,
        ),
    )
    role = aws.iam.Role("orders-role", assume_role_policy=ANYBODY_OF_THE_ACCOUNT)
    realtime.grant_send("orders", role.name)
    realtime.grant_put_events("orders", role.name, source="orders")
    refusals = Queue("refusals-queue", QueueArgs(consumer_timeout_seconds=1))
    refused = EventRouteArgs(
        bus_name=realtime.event_bus_name,
        detail_type="realtime.publish.refused",
        queue_url=refusals.url,
        queue_arn=refusals.arn,
    )
    EventRoute("refusals-route", refused)
    pulumi.export("endpoint", realtime.endpoint)
    pulumi.export("event_bus_name", realtime.event_bus_name)
    pulumi.export("publish_queue_url", realtime.publish_queue_url)
    pulumi.export("delivery_queue_url", realtime.delivery_queue_url)
    pulumi.export("role_arn", role.arn)
    pulumi.export("refusals_queue_url", refusals.url)


@dataclass
class Doors:
    """The deployed API, and a team that may publish to it."""

    cloud: Cloud
    exports: dict[str, Any]
    team: boto3.Session

    def client(self, service: str) -> Any:
        return self.team.client(service, region_name=REGION, endpoint_url=self.cloud.endpoint)

    def send(self, **message: Any) -> None:
        self.client("sqs").send_message(
            QueueUrl=self.exports["publish_queue_url"],
            MessageBody=json.dumps(message),
            MessageGroupId=message["channel"],
            MessageDeduplicationId=message.get("id") or str(uuid.uuid4()),
        )

    def put_event(self, **message: Any) -> None:
        entry = {
            "EventBusName": self.exports["event_bus_name"],
            "Source": "orders",
            "DetailType": "realtime.publish",
            "Detail": json.dumps(message),
        }
        assert self.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def refusal(self) -> dict[str, Any]:
        """The detail of the next event that says what was refused."""
        queue = self.cloud.client("sqs", REGION)
        url = self.exports["refusals_queue_url"]
        answer = queue.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        (message,) = answer["Messages"]
        queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])["detail"]

    @asynccontextmanager
    async def watching(self, channel: str, count: int) -> AsyncGenerator[list[ClientConnection]]:
        async with AsyncExitStack() as sockets:
            watchers: list[ClientConnection] = []
            for _ in range(count):
                address = f"{self.exports['endpoint']}?channel={channel}"
                watcher = await sockets.enter_async_context(websockets.connect(address))
                await watcher.send(json.dumps({"action": "subscribe", "channel": channel}))
                while "event" not in (await frame(watcher))["realtime"]:
                    pass
                watchers.append(watcher)
            yield watchers


@pytest.fixture(scope="module")
def doors(cloud: Cloud) -> Doors:
    stack = StackConfig(project="test", stack="doors", values={"aws:region": REGION})
    exports = dict(deploy(program, endpoint=cloud.endpoint, stack=stack).exports)
    credentials = cloud.client("sts", REGION).assume_role(
        RoleArn=exports["role_arn"], RoleSessionName="orders"
    )["Credentials"]
    team = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    return Doors(cloud, exports, team)


async def frame(watcher: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(watcher.recv(), FRAME_SECONDS))


async def frames_to(watcher: ClientConnection, version: int) -> list[tuple[int, dict[str, Any]]]:
    """All frames up to this version, without those that came twice."""
    found: dict[int, dict[str, Any]] = {}
    while version not in found:
        value = await frame(watcher)
        found[value.pop("realtime")["version"]] = value
    return list(found.items())


def new_channel(kind: str) -> str:
    return f"{kind}:{uuid.uuid4()}"


@pytest.mark.parametrize("door", [Doors.send, Doors.put_event])
@pytest.mark.parametrize("watchers", [INLINE_MAXIMUM, 3 * INLINE_MAXIMUM])
def test_what_a_door_takes_is_on_every_screen(
    doors: Doors, door: Callable[..., None], watchers: int
) -> None:
    channel = new_channel("order")

    async def scenario() -> list[Any]:
        async with doors.watching(channel, watchers) as opened:
            door(doors, channel=channel, value={"status": "paid"}, version=7, source="orders")
            return [await frames_to(watcher, 7) for watcher in opened]

    assert asyncio.run(scenario()) == [[(7, {"status": "paid"})]] * watchers


def test_the_publish_queue_numbers_a_channels_messages_in_their_order(doors: Doors) -> None:
    channel = new_channel("news")

    async def scenario() -> list[tuple[int, dict[str, Any]]]:
        async with doors.watching(channel, 1) as (watcher,):
            for number in range(1, 6):
                doors.send(channel=channel, value={"n": number}, id=f"n{number}", source="orders")
            return await frames_to(watcher, 5)

    assert asyncio.run(scenario()) == [(number, {"n": number}) for number in range(1, 6)]


def test_who_a_rule_does_not_name_is_refused_and_the_value_is_not_told(doors: Doors) -> None:
    channel = new_channel("order")
    doors.send(channel=channel, value={"secret": 1}, version=1, source="billing")
    refusal = doors.refusal()
    assert (refusal["channel"], refusal["source"]) == (channel, "billing")
    assert refusal["code"] == "forbidden_source"
    assert "secret" not in json.dumps(refusal)


def test_the_team_may_write_no_task_and_read_no_message(doors: Doors) -> None:
    queues = doors.client("sqs")
    with pytest.raises(ClientError, match="AccessDenied"):
        queues.send_message(QueueUrl=doors.exports["delivery_queue_url"], MessageBody="{}")
    with pytest.raises(ClientError, match="AccessDenied"):
        queues.receive_message(QueueUrl=doors.exports["publish_queue_url"])
