"""The first seed's aggregator at scale: all posts of a click at once, from one function.

Kinder than the original in two ways: it reads every page of the index, where the original reads
one (1 MB, some 7,000 watchers, and nobody else ever sees a number), and a counter that is being
written makes it wait, not fail.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .parameters import Parameters
from .world import Click, Function, Gateway, Processor, Watchers

ATTEMPTS = 3
"""Of the SDK. What is refused three times is swallowed: that browser misses the number."""
BACKOFF_SECONDS = 0.25
"""Half of the half second that the SDK waits at most before it repeats a throttled call."""
WRITE_UNITS = 6
"""Dedupe, counter, day counter: two each."""
READ_UNIT_BYTES = 8192
"""Half a unit for 4 KB, as an index is read."""


@dataclass
class Naive:
    parameters: Parameters
    gateway: Gateway
    watchers: Watchers
    counts: Counter[str]
    clicks: Counter[int] = field(default_factory=Counter[int])
    """By link."""
    aggregate: Function[Processor, Click] = field(init=False)
    _counted: set[Click] = field(default_factory=set[Click])

    def __post_init__(self) -> None:
        assert self.watchers.links == 1, "the naive design is simulated with one link"
        self.aggregate = Function(
            self.parameters,
            self.parameters.aggregators,
            self.parameters.naive_timeout_seconds,
            lambda: Processor(self.parameters.processor_share),
            self._handle,
            self.counts,
        )
        self._counter = asyncio.Lock()

    @property
    def functions(self) -> Sequence[Function[Processor, Click]]:
        return (self.aggregate,)

    def cooldown_seconds(self) -> float:
        return 0.0

    async def _handle(self, processor: Processor, messages: Sequence[Click]) -> Sequence[Click]:
        for message in messages:
            async with self._counter:
                await asyncio.sleep(self.parameters.transaction_seconds)
                self.counts["write_units"] += WRITE_UNITS
                if message in self._counted:
                    continue
                self._counted.add(message)
                self.clicks[message.link] += 1
            await asyncio.sleep(self.parameters.read_seconds)
            self.counts["read_units"] += 1
            await self._push(processor, self.clicks[message.link])
        return ()

    async def _push(self, processor: Processor, clicks: int) -> None:
        rows = self.watchers.count
        for start in range(0, rows, self.parameters.page_rows):
            page = min(self.parameters.page_rows, rows - start)
            await asyncio.sleep(self.parameters.read_seconds)
            await processor.work(page * self.parameters.row_processor_seconds)
        self.counts["read_units"] += -(-rows * self.parameters.row_bytes // READ_UNIT_BYTES)
        waiting = [(0, rows)]
        for attempt in range(ATTEMPTS):
            if attempt and waiting:
                await asyncio.sleep(BACKOFF_SECONDS * 2**attempt)
            refused = list[tuple[int, int]]()
            for first, count in waiting:
                refused += await self._post(processor, first, count, clicks)
            waiting = refused
        self.counts["given_up"] += sum(count for _, count in waiting)

    async def _post(
        self, processor: Processor, first: int, count: int, clicks: int
    ) -> list[tuple[int, int]]:
        """Returns what was refused, as runs of watchers."""
        refused = list[tuple[int, int]]()
        for start in range(first, first + count, self.parameters.naive_sockets):
            wave = min(self.parameters.naive_sockets, first + count - start)
            busy = wave * self.parameters.naive_post_processor_seconds
            await processor.work(busy, at_least=self.parameters.post_seconds)
            granted = self.gateway.take(wave)
            self.watchers.see(start, granted, clicks)
            if granted < wave:
                refused.append((start + granted, wave - granted))
        return refused
