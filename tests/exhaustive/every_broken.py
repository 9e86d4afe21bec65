"""Designs of an `every` channel with one step moved, left out or repeated."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from handlers.realtime.engine import Engine
from handlers.realtime.every.recovery import Recovery, recover
from handlers.realtime.model import LogMessage, Position, Retry, Task, Update
from handlers.realtime.ports import Appended, Duplicate, LogPage, Moved
from tests.fakes.client import EveryClient
from tests.fakes.log import MemoryLog
from tests.fakes.schedule import step

from .every import CHANNEL, EPOCH, FOR_EVER
from .situation import Actor, Changed


class NumbersApart(MemoryLog):
    async def add(self) -> int:
        await step()
        log = self.of(CHANNEL)
        number = (log.end.version if log.end else 0) + 1
        log.end = Position(EPOCH, number)
        return number

    async def put(self, number: int, update: Update) -> Appended | Duplicate:
        await step()
        log = self.of(CHANNEL)
        if duplicate := log.ids.get(update.id):
            return duplicate
        value = json.loads(json.dumps(update.value))
        log.messages[number] = LogMessage(number, update.id, value, update.at, FOR_EVER)
        log.ids[update.id] = Duplicate(Position(EPOCH, number))
        return Appended(Position(EPOCH, number))


class Appends(Changed):
    async def append(self, _: Position, update: Update, __: int) -> Appended | Duplicate:
        return await self.port.put(await self.port.add(), update)


class ForgetsIds(MemoryLog):
    async def append(
        self, end: Position, update: Update, expires_at: int
    ) -> Appended | Duplicate | Moved:
        self.of(update.channel).ids.pop(update.id, None)
        return await super().append(end, update, expires_at)


class StopsAtADuplicate(Changed):
    async def read_message(self, *_: Any) -> None:
        await step()


def reading_the_history_before_the_row(actor: Actor, engine: Engine) -> Engine:
    read: dict[str, Any] = {}

    class Store(Changed):
        async def put_subscription(self, *args: Any) -> None:
            read["end"] = await engine.log.read_end(CHANNEL)
            until = read["end"].version if read["end"] else 0
            read["page"] = await engine.log.read_messages(CHANNEL, 0, until)
            await self.port.put_subscription(*args)

    class Log(Changed):
        async def read_end(self, _: str) -> Position | None:
            return read["end"]

        async def read_messages(self, _: str, after: int, until: int) -> LogPage:
            return _between(read["page"], after, until)

    store: Any = Store(engine.store, actor)
    log: Any = Log(engine.log, actor)
    return replace(engine, store=store, log=log)


class ReadsTheHistoryBeforeItsEnd(Changed):
    page: LogPage

    async def read_end(self, channel: str) -> Position | None:
        self.page = await self.port.read_messages(channel, 0, FOR_EVER)
        return await self.port.read_end(channel)

    async def read_messages(self, _: str, after: int, until: int) -> LogPage:
        return _between(self.page, after, until)


def _between(page: LogPage, after: int, until: int) -> LogPage:
    return LogPage(tuple(m for m in page.messages if after < m.number <= until), None)


async def recovering_in_part(
    log: Any, channel: str, since: Position, *, now_ms: int, limit_bytes: int
) -> Recovery:
    recovery = await recover(log, channel, since, now_ms=now_ms, limit_bytes=limit_bytes)
    if recovery.recovered or recovery.end is None:
        return recovery
    page = await log.read_messages(channel, since.version, recovery.end.version)
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
                self.since = Position(about["epoch"], message["version"])
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
            replace(task, position=replace(task.position, version=task.position.version + 1))
            if isinstance(task, Retry) and task.position
            else task
            for task in tasks
        ]
        await self.port.send(behind, **kwargs)
