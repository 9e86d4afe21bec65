"""docs/operations.md, walked: messages that fail, the alarm, the redrive, and true counts after it.

The commands run as processes of their own, as an operator's do.
"""

import asyncio
import json
import runpy
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cli.links import LinkApi
from localcloud import deploy, stack_config
from localcloud.command.stack import RUNNING_VARIABLE, announced
from localcloud.command.stack import Stack as Announced
from localcloud.recipes.recipe import ACCOUNT
from tests.e2e.conftest import ROOT, Cloud, Stack

REGION = "eu-west-2"
AGGREGATE = "handlers.clicks.aggregate.handler"
CLICKS = 3
SOCKETS = 5
SECONDS = 120


@dataclass(frozen=True)
class Walk:
    """What an operator saw, in the order of the runbook."""

    dead: int
    alarm: dict[str, Any]
    told: dict[str, Any]
    would_redrive: dict[str, Any]
    redriven: dict[str, Any]
    clicks: int
    dead_after: int
    watched: list[dict[str, Any]]
    load: dict[str, Any]
    purged: dict[str, Any]
    rows_after: int


@pytest.fixture(scope="module")
def stack(cloud: Cloud) -> Stack:
    """dev in a region that no other stack of the tier uses, and with every switch on."""
    config = stack_config(ROOT, "dev")
    (plan,) = json.loads(config.values["realtime:regions"]).values()
    changes = {
        "aws:region": REGION,
        "realtime:regions": json.dumps({REGION: plan}),
        "realtime:customerKey": json.dumps({"accountId": ACCOUNT}),
        "realtime:tracing": "true",
    }
    config = replace(config, stack="walk", values={**config.values, **changes})
    deployment = deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        endpoint=cloud.endpoint,
        stack=config,
    )
    return Stack(cloud, config, dict(deployment.exports))


@pytest.fixture(scope="module")
def walk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Generator[Walk]:
    folder = tmp_path_factory.mktemp("running")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(RUNNING_VARIABLE, str(folder))
        with announced(Announced("walk", REGION, stack.exports, stack.cloud.endpoint)):
            yield asyncio.run(_walk(stack))
    assert not list(folder.iterdir())


async def _walk(stack: Stack) -> Walk:
    pager = _pager(stack)
    _fails_within_seconds(stack)
    dead_letters = stack.exports["dead_letter_queue_url"]
    async with LinkApi(stack.exports["api_url"], stack.token) as links:
        code, busy = [(await links.create("https://example.com/")).code for _ in range(2)]
        async with _process("watch", f"link:{code}", "--json") as watching:
            with stack.withheld(AGGREGATE):
                for _ in range(CLICKS):
                    assert await links.click(code) == 302
                stack.client("sqs").send_message(
                    QueueUrl=stack.exports["click_queue_url"], MessageBody="no click"
                )
                dead = await _until(lambda: stack.queue_depth(dead_letters), CLICKS + 1)
                (alarm, told), would_redrive = await asyncio.gather(
                    _alarmed(stack, pager, dead), _answer("redrive", "--dry-run", "--json")
                )
            plan = (f"--sockets={SOCKETS}", "--clicks-per-second=5", "--seconds=1")
            redriven, load = await asyncio.gather(
                _answer("redrive", "clicks", "--json"), _answer("load", busy, *plan, "--json")
            )
            watched = [json.loads(line) async for line in _lines(watching, until=CLICKS)]
        counted = (await links.read(code)).clicks
    dead_after = await _until(lambda: stack.queue_depth(dead_letters), 1)
    purged = await _answer("purge", "--yes", "--json")
    return Walk(
        dead=dead,
        alarm=alarm,
        told=told,
        would_redrive=would_redrive,
        redriven=redriven,
        clicks=counted,
        dead_after=dead_after,
        watched=watched,
        load=load,
        purged=purged,
        rows_after=stack.client("dynamodb").scan(TableName=stack.exports["links_table"])["Count"],
    )


def _pager(stack: Stack) -> str:
    """A queue that hears the stack's alarms, as somebody's phone would."""
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName="pager")["QueueUrl"]
    names = ["QueueArn"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
    topic = stack.exports["alarm_topic"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _fails_within_seconds(stack: Stack) -> None:
    """A message is tried five times, two minutes apart: here a second."""
    stack.client("sqs").set_queue_attributes(
        QueueUrl=stack.exports["click_queue_url"], Attributes={"VisibilityTimeout": "1"}
    )


async def _alarmed(stack: Stack, pager: str, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The alarm and what it told, once SQS's metric is there: the local cloud measures no queue."""
    queue = stack.exports["dead_letter_queue_url"].rpartition("/")[2]
    cloudwatch = stack.client("cloudwatch")
    metric = "ApproximateNumberOfMessagesVisible"
    dimensions = [{"Name": "QueueName", "Value": queue}]
    cloudwatch.put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[{"MetricName": metric, "Dimensions": dimensions, "Value": depth}],
    )
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    (alarm,) = (
        a for a in alarms if a.get("Dimensions") == dimensions and a["MetricName"] == metric
    )
    told: dict[str, dict[str, Any]] = {}

    def heard() -> int:
        received = stack.client("sqs").receive_message(QueueUrl=pager, MaxNumberOfMessages=10)
        for message in received.get("Messages", []):
            notice = json.loads(json.loads(message["Body"])["Message"])
            told[notice["AlarmName"]] = notice
        return int(alarm["AlarmName"] in told)

    await _until(heard, 1)
    return alarm, told.get(alarm["AlarmName"], {})


@asynccontextmanager
async def _process(*arguments: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _answer(*arguments: str) -> dict[str, Any]:
    async with _process(*arguments) as process:
        out, error = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0, error.decode()
    return json.loads(out)


async def _lines(process: asyncio.subprocess.Process, *, until: int) -> AsyncGenerator[bytes]:
    """What `watch` prints, up to the line that counts so many clicks."""
    assert process.stdout is not None
    while line := await asyncio.wait_for(process.stdout.readline(), SECONDS):
        yield line
        if json.loads(line)["value"].get("clicks") == until:
            return


async def _until(measured: Callable[[], int], expected: int) -> int:
    """The measure, once it is what is expected or when time is over."""
    deadline = time.monotonic() + SECONDS
    while (found := measured()) != expected and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return found


def test_what_cannot_be_handled_is_kept(walk: Walk) -> None:
    assert walk.dead == CLICKS + 1


def test_the_stacks_own_alarm_tells_the_operator(walk: Walk) -> None:
    assert walk.alarm["StateValue"] == "ALARM"
    assert walk.told.get("NewStateValue") == "ALARM"
    assert "Messages in clicks-dead-letters" in walk.told.get("AlarmDescription", "")


def test_a_redrive_sends_every_dead_letter_again(walk: Walk) -> None:
    waiting = {"clicks": CLICKS + 1, "delivery": 0, "publish": 0, "events": 0}
    assert walk.would_redrive == {"dead letters": waiting, "sent again": {}}
    assert walk.redriven["sent again"] == {"clicks": CLICKS + 1}


def test_each_click_is_counted_once_in_the_end_and_shown(walk: Walk) -> None:
    assert walk.clicks == CLICKS
    shown = [frame["value"]["clicks"] for frame in walk.watched]
    assert shown[-1] == CLICKS
    assert shown == sorted(set(shown))


def test_what_is_no_click_comes_back_to_the_dead(walk: Walk) -> None:
    assert walk.dead_after == 1


def test_a_load_says_that_every_socket_saw_the_end(walk: Walk) -> None:
    assert walk.load["right_at_the_end"] == walk.load["sockets"] == SOCKETS
    assert walk.load["clicks"] == 5


def test_a_purge_leaves_no_link(walk: Walk) -> None:
    ((_, counts),) = walk.purged.items()
    assert counts["links, their clicks and days"] >= 1
    assert counts["users"] == 1
    assert walk.rows_after == 0
