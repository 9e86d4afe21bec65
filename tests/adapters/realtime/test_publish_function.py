"""The function as its queues call it, on the fakes."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import pytest

from handlers.realtime.channels import Rules
from handlers.realtime.functions import publish
from handlers.realtime.functions.publish import Service
from handlers.realtime.functions.runtime import publisher_of
from handlers.realtime.model import Position, Published, Rejected, Request, Update
from tests.fakes.delivery import Fakes, watcher
from tests.fakes.letters import BUS_QUEUE, RULES, handle, message, on_the_bus, record
from tests.fakes.log import MemoryLog


class FailingLog(MemoryLog):
    """A log that is out of order for some ids."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()

    async def append(self, end: Position, update: Update, expires_at: int) -> Any:
        if update.id in self.broken:
            raise ConnectionError(update.id)
        return await super().append(end, update, expires_at)


class MemoryRejections:
    def __init__(self) -> None:
        self.reports: list[tuple[str, str | None, str]] = []
        """Message, channel and code."""
        self.is_broken = False

    async def report(self, message_id: str, request: Request | None, rejected: Rejected) -> None:
        if self.is_broken:
            raise ConnectionError(message_id)
        self.reports.append((message_id, request.channel if request else None, rejected.code))


class World:
    def __init__(self) -> None:
        self.log = FailingLog()
        self.fakes = Fakes(log=self.log)
        self.rejections = MemoryRejections()
        self.tokens: list[Sequence[str]] = []
        watcher(self.fakes.store, "c", "order:1", "order:2", "link:a")

    def service(self) -> Service:
        engine = dataclasses.replace(self.fakes.engine, rules=Rules.parse(json.dumps(RULES)))
        send = publisher_of(engine)

        async def recording(
            update: Update, tokens: Sequence[str], max_wait_ms: int = 0
        ) -> Published:
            self.tokens.append(tokens)
            return await send(update, tokens, max_wait_ms)

        return Service(engine, recording, self.rejections)

    def shown(self) -> list[tuple[str, int, str]]:
        return [
            (f["realtime"]["channel"], f["realtime"]["version"], f["status"])
            for f in self.fakes.posts.frames.get("c", [])
        ]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(publish, "service", world.service)
    return world


def test_each_kind_of_channel_is_published_to_by_either_door(world: World) -> None:
    failed = handle(
        record("1", message("order:1", "charged")),
        record("2", message("link:a", "live", version=7)),
        record("3", on_the_bus(message("order:1", "packed")), queue=BUS_QUEUE),
    )
    assert failed == []
    assert sorted(world.shown()) == [
        ("link:a", 7, "live"),
        ("order:1", 1, "charged"),
        ("order:1", 2, "packed"),
    ]
    assert sorted(map(list, world.tokens)) == [["1"], ["2"], ["3"]]


def test_a_group_is_published_in_its_order(world: World) -> None:
    names = [f"step{number}" for number in range(10)]
    assert handle(*(record(name, message("order:1", name)) for name in names)) == []
    assert [status for _, _, status in world.shown()] == names


def test_a_failure_takes_the_later_ones_of_its_group_with_it_and_no_others(world: World) -> None:
    world.log.broken = {"packed"}
    records = [
        record("1", message("order:1", "charged")),
        record("2", message("order:1", "packed")),
        record("3", message("order:2", "ready")),
        record("4", message("order:1", "sent")),
        record("5", message("order:2", "done")),
    ]
    assert handle(*records) == ["2", "4"]
    world.log.broken = set()
    assert handle(*records[1::2]) == []
    assert [shown for shown in world.shown() if shown[0] == "order:1"] == [
        ("order:1", 1, "charged"),
        ("order:1", 2, "packed"),
        ("order:1", 3, "sent"),
    ]


def test_on_the_bus_a_failure_is_nobody_elses(world: World) -> None:
    world.log.broken = {"packed"}
    records = [
        record(name, on_the_bus(message("order:1", name)), queue=BUS_QUEUE)
        for name in ("charged", "packed", "sent")
    ]
    assert handle(*records) == ["packed"]


def test_a_redelivery_is_pushed_again_with_its_number(world: World) -> None:
    for _ in range(2):
        assert handle(record("1", message("order:1", "charged"))) == []
    assert world.shown() == [("order:1", 1, "charged")] * 2


@pytest.mark.parametrize(
    ("body", "channel", "code"),
    [
        ("hello", None, "malformed"),
        (message("other:1", "x"), "other:1", "unknown_channel"),
        (message("order:1", "x", source="mallory"), "order:1", "forbidden_source"),
        (message("link:a", "x"), "link:a", "missing_version"),
        (message("order:1", "x", at=1), "order:1", "too_old"),
        (message("link:a", "x" * 4096, version=1, id="x"), "link:a", "too_large"),
    ],
)
def test_a_refusal_is_done_with_reported_and_holds_up_nobody(
    world: World, body: Any, channel: str | None, code: str
) -> None:
    refused = record("1", body, group="order:1")
    assert handle(refused, record("2", message("order:1", "sent"))) == []
    assert world.rejections.reports == [("1", channel, code)]
    assert world.shown() == [("order:1", 1, "sent")]


def test_a_publisher_without_an_epoch_is_refused_where_others_give_one(world: World) -> None:
    first = record("1", message("link:a", "x", version=1, epoch=7), group="link:a")
    mixed = record("2", message("link:a", "y", version=2), group="link:a")
    assert handle(first, mixed) == []
    assert world.rejections.reports == [("2", "link:a", "missing_epoch")]


def test_a_refusal_that_cannot_be_reported_comes_again(world: World) -> None:
    world.rejections.is_broken = True
    assert handle(record("1", "hello", group="order:1")) == ["1"]


def test_a_queue_cannot_pass_a_whole_event_off_as_one_of_the_bus(world: World) -> None:
    handle(record("1", on_the_bus(message("order:1", "x")), group="order:1"))
    assert world.rejections.reports == [("1", None, "malformed")]


def test_a_refusal_is_counted_and_logged_without_the_value(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handle(record("1", message("order:1", "hunter2", source="mallory")))
    assert len(world.rejections.reports) == 1
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert line["PublishesRefused"] == [1]
    assert "forbidden_source" in str([vars(record) for record in caplog.records])
    assert "hunter2" not in str([vars(record) for record in caplog.records])
