"""Sends a traffic through a design and gathers what became of each click."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from .cloud import Cloud, Design
from .latency import seen
from .records import CLIENT, Call, Execution
from .traffic import Traffic
from .watchers import Watcher, watching

DRAIN_SECONDS = 180
SETTLE_SECONDS = 1.5
"""After the last frame: a flush that is on its way still counts."""
POLL_SECONDS = 0.1
CLICK_SECONDS = 60
WARM_CLICKS = (*[0.0] * 12, 1.0, 1.5, 2.0)
"""Seconds: enough at once for every function to have its processes, and a few at rest after them,
so that what those learnt of the burst is not measured as the traffic's."""


class ClickFailed(Exception):
    """A redirect did not answer 302; what follows would measure something else."""


class NotDrained(Exception):
    """Clicks were not on every screen in time; figures of the others would be worth nothing."""


@dataclass
class Measured:
    """One design under one traffic, over all of its rounds."""

    clicks: int = 0
    seconds: list[float] = field(default_factory=list[float])
    """From a click to a screen, for each click and screen."""
    missing: int = 0
    backwards: int = 0
    wrong_at_end: int = 0
    """Screens that show something else than the true number once all is quiet."""
    drain_seconds: list[float] = field(default_factory=list[float])
    """From the last click of a round until nothing moved."""
    calls: list[Call] = field(default_factory=list[Call])
    executions: list[Execution] = field(default_factory=list[Execution])


async def measure(cloud: Cloud, traffic: Traffic) -> dict[str, Measured]:
    """Each design in turn, and that several times, so that a slow minute hits both."""
    for design in cloud.designs:
        await asyncio.to_thread(cloud.make_links, design, traffic.links)
    async with AsyncExitStack() as stack:
        runs = [
            Run(cloud, design, traffic, await stack.enter_async_context(watched))
            for design in cloud.designs
            for watched in [watching(design.endpoint, traffic.watchers)]
        ]
        for _ in range(traffic.rounds):
            for run in runs:
                await run.round()
    await _quiet(cloud)
    return {run.design.name: run.result for run in runs}


async def _quiet(cloud: Cloud) -> None:
    """Until the last `$disconnect` is done: it must not run into the next measurement."""
    cloud.records()
    while True:
        await asyncio.sleep(SETTLE_SECONDS)
        if not cloud.records().executions:
            return


@dataclass
class Run:
    """A design under a traffic, with its watchers connected."""

    cloud: Cloud
    design: Design
    traffic: Traffic
    watchers: list[Watcher]
    result: Measured = field(default_factory=Measured)
    counts: Counter[str] = field(default_factory=Counter[str])
    """Clicks made so far, by link."""

    async def round(self) -> None:
        result, design = self.result, self.design
        warm = [(at, self.traffic.links[0]) for at in WARM_CLICKS]
        async with httpx.AsyncClient(timeout=CLICK_SECONDS) as http:
            await self._drain(await self._send(http, warm))
            self.cloud.records()
            before = Counter(self.counts)
            for watcher in self.watchers:
                watcher.frames.clear()
            clicked = await self._send(http, self.traffic.clicks)
        ended = time.perf_counter()
        await self._drain(clicked)
        result.drain_seconds.append(time.perf_counter() - ended - SETTLE_SECONDS)
        self._gather(clicked, before)
        records = self.cloud.records()
        result.clicks += len(self.traffic.clicks)
        result.calls += [call for call in records.calls if design.owns(call.caller)]
        result.executions += [run for run in records.executions if design.owns(run.function)]
        strangers = {call.caller for call in records.calls if not design.owns(call.caller)}
        assert strangers <= {CLIENT}, f"{strangers} called while {design.name} was measured"

    async def _send(
        self, http: httpx.AsyncClient, clicks: Sequence[tuple[float, str]]
    ) -> dict[str, list[float]]:
        """When each link was clicked. No click waits for another's answer."""
        self.counts.update(code for _, code in clicks)
        return await click(http, self.design, clicks)

    async def _drain(self, clicked: Collection[str]) -> None:
        """Until every click is counted and every screen has had its number. Raises `NotDrained`."""
        affected = [watcher for watcher in self.watchers if watcher.code in clicked]
        deadline = time.perf_counter() + DRAIN_SECONDS
        while True:
            behind = sum(watcher.highest < self.counts[watcher.code] for watcher in affected)
            if not behind and not await asyncio.to_thread(self.cloud.waiting, self.design):
                break
            if time.perf_counter() > deadline:
                raise NotDrained(
                    f"{behind} of {len(affected)} screens of {self.design.name} were behind their"
                    f" link for {DRAIN_SECONDS} s"
                )
            await asyncio.sleep(POLL_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)

    def _gather(self, clicked: dict[str, list[float]], before: Counter[str]) -> None:
        for watcher in self.watchers:
            if watcher.code in clicked:
                found = seen(clicked[watcher.code], watcher.frames, before[watcher.code])
                self.result.seconds += found.seconds
                self.result.missing += found.missing
                self.result.backwards += found.backwards
                self.result.wrong_at_end += watcher.shown != self.counts[watcher.code]


async def click(
    http: httpx.AsyncClient, design: Design, clicks: Sequence[tuple[float, str]]
) -> dict[str, list[float]]:
    started = time.perf_counter()
    clicked: defaultdict[str, list[float]] = defaultdict(list)

    async def click_once(at: float, code: str) -> None:
        await asyncio.sleep(started + at - time.perf_counter())
        clicked[code].append(time.perf_counter())
        answer = await http.get(f"{design.api_url}/{code}")
        if answer.status_code != 302:
            raise ClickFailed(
                f"a click on {code} of {design.name} got {answer.status_code}: {answer.text}"
            )

    async with asyncio.TaskGroup() as group:
        for at, code in clicks:
            group.create_task(click_once(at, code))
    return clicked
