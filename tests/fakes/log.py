"""The fake of the log port: the log of every channel in memory, with a step before each call."""

import json
from dataclasses import dataclass, field

from handlers.realtime.model import LogMessage, Position, Update
from handlers.realtime.ports import Appended, Duplicate, LogPage, Moved

from .schedule import step


@dataclass
class Log:
    """One channel's."""

    end: Position | None = None
    messages: dict[int, LogMessage] = field(default_factory=dict[int, LogMessage])
    ids: dict[str, Duplicate] = field(default_factory=dict[str, Duplicate])


class MemoryLog:
    def __init__(self, page_size: int = 100) -> None:
        self.channels: dict[str, Log] = {}
        self._page_size = page_size

    def of(self, channel: str) -> Log:
        return self.channels.setdefault(channel, Log())

    async def read_end(self, channel: str) -> Position | None:
        await step()
        return self.of(channel).end

    async def append(
        self, end: Position, update: Update, expires_at: int
    ) -> Appended | Duplicate | Moved:
        await step()
        log = self.of(update.channel)
        if duplicate := log.ids.get(update.id):
            return duplicate
        if log.end != (end if end.version else None):
            return Moved()
        number = end.version + 1
        value = json.loads(json.dumps(update.value))
        log.end = Position(end.epoch, number)
        log.messages[number] = LogMessage(number, update.id, value, update.at, expires_at)
        log.ids[update.id] = Duplicate(log.end)
        return Appended(log.end)

    async def read_message(self, channel: str, number: int) -> LogMessage | None:
        await step()
        return self.of(channel).messages.get(number)

    async def read_messages(self, channel: str, after: int, until: int) -> LogPage:
        await step()
        messages = self.of(channel).messages
        found = [messages[number] for number in sorted(messages) if after < number <= until]
        page = tuple(found[: self._page_size])
        return LogPage(page, page[-1].number if len(found) > len(page) else None)
