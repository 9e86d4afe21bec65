"""Designs of an `every` channel with one step moved, left out or repeated."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from handlers.realtime.delivery.engine import Engine
from handlers.realtime.delivery.tasks import CatchUp, Task
from handlers.realtime.every.log import Appended, Event, Known, LogMessage, LogPage, Moved, Recovery
from handlers.realtime.every.log import Sequence as Numbering
from handlers.realtime.every.recovery import recover
from handlers.realtime.protocol import Since
from tests.fakes.client import EveryClient
from tests.fakes.log import MemoryLog
from tests.fakes.schedule import step

from .every import CHANNEL, EPOCH, FOR_EVER
from .situation import Actor, Changed


class NumbersApart(MemoryLog):
    async def add(self) -> int:
        await step()
        log = self.of(CHANNEL)
        number = (log.sequence.number if log.sequence else 0) + 1
        log.sequence = Numbering(EPOCH, number)
        return number

    async def put(self, number: int, event: Event) -> Appended | Known:
        await step()
        log = self.of(CHANNEL)
        if known := log.ids.get(event.id):
            return known
        value = json.loads(json.dumps(event.value))
        log.messages[number] = LogMessage(number, event.id, value, event.at, FOR_EVER)
        log.ids[event.id] = Known(EPOCH, number)
        return Appended(EPOCH, number)


class Appends(Changed):
    async def append(self, _: Numbering, event: Event, __: int) -> Appended | Known:
        return await self.port.put(await self.port.add(), event)


class ForgetsIds(MemoryLog):
    async def append(
        self, sequence: Numbering, event: Event, expires_at: int
    ) -> Appended | Known | Moved:
        self.of(event.channel).ids.pop(event.id, None)
        return await super().append(sequence, event, expires_at)


class StopsAtAKnownId(Changed):
    async def read_message(self, *_: Any) -> None:
        await step()


def reading_the_history_before_the_row(actor: Actor, engine: Engine) -> Engine:
    read: dict[str, Any] = {}

    class Store(Changed):
        async def put_subscription(self, *args: Any) -> None:
            read["sequence"] = await engine.log.read_sequence(CHANNEL)
            until = read["sequence"].number if read["sequence"] else 0
            read["page"] = await engine.log.read_messages(CHANNEL, 0, until)
            await self.port.put_subscription(*args)

    class Log(Changed):
        async def read_sequence(self, _: str) -> Numbering | None:
            return read["sequence"]

        async def read_messages(self, _: str, after: int, until: int) -> LogPage:
            return _between(read["page"], after, until)

    store: Any = Store(engine.store, actor)
    log: Any = Log(engine.log, actor)
    return replace(engine, store=store, log=log)


class ReadsTheHistoryBeforeTheSequence(Changed):
    page: LogPage

    async def read_sequence(self, channel: str) -> Numbering | None:
        self.page = await self.port.read_messages(channel, 0, FOR_EVER)
        return await self.port.read_sequence(channel)

    async def read_messages(self, _: str, after: int, until: int) -> LogPage:
        return _between(self.page, after, until)


def _between(page: LogPage, after: int, until: int) -> LogPage:
    return LogPage(tuple(m for m in page.messages if after < m.number <= until), None)


async def recovering_in_part(
    log: Any, channel: str, since: Since, *, now_ms: int, limit_bytes: int
) -> Recovery:
    recovery = await recover(log, channel, since, now_ms=now_ms, limit_bytes=limit_bytes)
    if recovery.recovered or recovery.sequence is None:
        return recovery
    page = await log.read_messages(channel, since.version, recovery.sequence.number)
    kept = tuple(message for message in page.messages if message.expires_at * 1000 > now_ms)
    return replace(recovery, recovered=True, messages=kept)


async def saying_nothing_of_more(*args: Any, **kwargs: Any) -> Recovery:
    return replace(await recover(*args, **kwargs), more=False)


class ShowsWhatIsNewer(EveryClient):
    """The rule of `latest` channels."""

    def receive(self, frame: Mapping[str, Any]) -> None:
        about = frame["realtime"]
        pushed = {"version": about.get("version"), "value": {"id": frame.get("id")}}
        for message in about.get("messages", [pushed]):
            if not self.since or message["version"] > self.since.version:
                self.since = Since(about["epoch"], message["version"])
                self.shown.append(message["value"])


class KeepsNothingBack(EveryClient):
    def receive(self, frame: Mapping[str, Any]) -> None:
        if "event" in frame["realtime"]:
            super().receive(frame)
        else:
            self.shown.append({"id": frame["id"]})


class RetriesFromBehindTheMessage(Changed):
    async def send(self, tasks: Sequence[Task], **kwargs: Any) -> None:
        behind: list[Task] = [
            replace(task, version=(task.version or 0) + 1) if isinstance(task, CatchUp) else task
            for task in tasks
        ]
        await self.port.send(behind, **kwargs)
