"""One recorded local cloud with both designs deployed on it, side by side."""

import json
import runpy
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from handlers.shortener import table
from handlers.shortener.click import day_of, new, to_body
from handlers.shortener.link import Counters, Link
from localcloud import StackConfig, deploy, stack_config

from ..naive.program import program as naive_program
from .records import PATH, Call, Execution, Records

ROOT = Path(__file__).parents[2]
STACK = "dev"
TARGET = "https://example.com/"
ROWS_PER_WRITE = 25
CREATED_AT = 1_763_787_000_000


@dataclass(frozen=True)
class Design:
    """A deployed design and what differs between the two from the outside."""

    name: str
    functions: tuple[str, ...]
    """How the names of its functions start."""
    api_url: str
    endpoint: str
    links_table: str
    queue_url: str
    link: Callable[[str], Sequence[Mapping[str, Any]]]
    """A link's rows."""
    message: Callable[[str, int], Mapping[str, Any]]
    """A click on a link at a time in ms, after so many others, as it lies in the queue."""

    def owns(self, function: str) -> bool:
        return function.startswith(self.functions)


@dataclass(frozen=True)
class Cloud:
    endpoint: str
    region: str
    maximum_concurrency: int
    designs: tuple[Design, ...]

    def client(self, service: str) -> Any:
        return boto3.Session("test", "test").client(
            service, region_name=self.region, endpoint_url=self.endpoint
        )

    def records(self) -> Records:
        """All since the last time."""
        with urllib.request.urlopen(self.endpoint + PATH) as answer:  # noqa: S310 - our own server
            records = json.load(answer)
        return Records(
            [Call(**call) for call in records["calls"]],
            [Execution(**execution) for execution in records["executions"]],
        )

    def make_links(self, design: Design, codes: Iterable[str]) -> None:
        client = self.client("dynamodb")
        puts = [{"PutRequest": {"Item": dict(row)}} for code in codes for row in design.link(code)]
        for start in range(0, len(puts), ROWS_PER_WRITE):
            batch = puts[start : start + ROWS_PER_WRITE]
            client.batch_write_item(RequestItems={design.links_table: batch})

    def queue_clicks(self, design: Design, code: str, count: int) -> None:
        """Without the redirect, which a click would have to come through one by one."""
        client = self.client("sqs")
        now_ms = time.time_ns() // 1_000_000
        for _ in range(count):
            body = json.dumps(design.message(code, now_ms))
            client.send_message(QueueUrl=design.queue_url, MessageBody=body)

    def waiting(self, design: Design) -> int:
        """Clicks in the queue, received or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=design.queue_url, AttributeNames=names
        )["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def set_mapping(self, design: Design, **settings: Any) -> None:
        """Changes the mapping from the click queue to the aggregator."""
        client = self.client("lambda")
        name = design.queue_url.rpartition("/")[2]
        (mapping,) = (
            mapping
            for mapping in client.list_event_source_mappings()["EventSourceMappings"]
            if mapping["EventSourceArn"].endswith(f":{name}")
        )
        client.update_event_source_mapping(UUID=mapping["UUID"], **settings)


@contextmanager
def cloud() -> Generator[Cloud]:
    with _endpoint() as endpoint:
        config = stack_config(ROOT, STACK)
        regions = json.loads(config.values["realtime:regions"])
        concurrency = regions[config.region]["concurrency"]["aggregators"]
        ours = deploy(
            lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
            endpoint=endpoint,
            stack=config,
        )
        naive = deploy(
            lambda: naive_program(maximum_concurrency=concurrency),
            endpoint=endpoint,
            stack=StackConfig(project="naive", stack="prod", values={"aws:region": config.region}),
        )
        designs = (_ours(ours.exports), _naive(naive.exports))
        yield Cloud(endpoint, config.region, concurrency, designs)


def _ours(exports: Mapping[str, Any]) -> Design:
    functions = ("realtime-", "clicks-", "shortener-")
    return Design("ours", functions, **_addresses(exports), link=_link, message=_click)


def _naive(exports: Mapping[str, Any]) -> Design:
    return Design(
        "naive", ("naive-",), **_addresses(exports), link=_naive_link, message=_naive_click
    )


def _addresses(exports: Mapping[str, Any]) -> dict[str, str]:
    return {
        "api_url": exports["api_url"],
        "endpoint": exports["endpoint"],
        "links_table": exports["links_table"],
        "queue_url": exports["click_queue_url"],
    }


def _link(code: str) -> Sequence[Mapping[str, Any]]:
    """Made today, as a link is that its first clicks find."""
    link = Link(code=code, target=TARGET, owner="somebody", created_at=CREATED_AT)
    counters = Counters(epoch=CREATED_AT, day=day_of(time.time_ns() // 1_000_000))
    return table.link_item(link), table.counters_item(code, counters)


def _naive_link(code: str) -> Sequence[Mapping[str, Any]]:
    """Without an owner: with one, in the index, each click would cost another write unit."""
    link = {"PK": {"S": f"LINK#{code}"}, "SK": {"S": "META"}, "target": {"S": TARGET}}
    return ({**link, "clicks": {"N": "0"}},)


def _click(code: str, at: int) -> Mapping[str, Any]:
    return json.loads(to_body(new(code, at=at)))


def _naive_click(code: str, at: int) -> Mapping[str, Any]:
    """The bus's envelope, of which the design reads two fields."""
    return {"id": str(uuid.uuid4()), "detail": {"code": code, "at": at}}


@contextmanager
def _endpoint() -> Generator[str]:
    supervisor = Path(__file__).with_name("recorded_supervisor.py")
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-P", str(supervisor)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        endpoint = process.stdout.readline().strip()
        try:
            if not endpoint:
                raise RuntimeError("the local cloud did not start; see its log above")
            yield endpoint
        finally:
            process.stdin.close()  # the sign to stop
            process.wait()
