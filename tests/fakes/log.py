"""The twin of the log port: the log of every channel in memory, with a step before each call."""

import dataclasses
import json
from dataclasses import dataclass, field

from handlers.realtime.every.log import Appended, Event, Known, LogMessage, LogPage, Moved, Sequence

from .schedule import step


@dataclass
class Log:
    """One channel's."""

    sequence: Sequence | None = None
    messages: dict[int, LogMessage] = field(default_factory=dict[int, LogMessage])
    ids: dict[str, Known] = field(default_factory=dict[str, Known])


class MemoryLog:
    def __init__(self, page_size: int = 100) -> None:
        self.channels: dict[str, Log] = {}
        self._page_size = page_size

    def of(self, channel: str) -> Log:
        return self.channels.setdefault(channel, Log())

    async def read_sequence(self, channel: str) -> Sequence | None:
        await step()
        return self.of(channel).sequence

    async def append(
        self, sequence: Sequence, event: Event, expires_at: int
    ) -> Appended | Known | Moved:
        await step()
        log = self.of(event.channel)
        if known := log.ids.get(event.id):
            return known
        if log.sequence != (sequence if sequence.number else None):
            return Moved()
        number = sequence.number + 1
        value = json.loads(json.dumps(event.value))
        log.sequence = dataclasses.replace(sequence, number=number)
        log.messages[number] = LogMessage(number, event.id, value, event.at, expires_at)
        log.ids[event.id] = Known(sequence.epoch, number)
        return Appended(sequence.epoch, number)

    async def read_message(self, channel: str, number: int) -> LogMessage | None:
        await step()
        return self.of(channel).messages.get(number)

    async def read_messages(self, channel: str, after: int, until: int) -> LogPage:
        await step()
        messages = self.of(channel).messages
        found = [messages[number] for number in sorted(messages) if after < number <= until]
        page = tuple(found[: self._page_size])
        return LogPage(page, page[-1].number if len(found) > len(page) else None)
