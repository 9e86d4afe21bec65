"""What a click costs in calls and units when the aggregator is given a certain number at a time.

Traffic decides the size of batches, and a slower design gets larger ones. Here the mapping is
stopped, clicks are put into the queue, its batch size is set, and it is started again: both get the
same batches, of clicks of one link and one second.
"""

import asyncio
import time
from typing import Any

from .cloud import Cloud, Design
from .measure import NotDrained
from .summary import batches
from .watchers import Watcher, watching

SIZES = (1, 2, 4, 10)
CLICKS = 40
SETTLE_SECONDS = 2.0
"""Before: a poll under way. After: a flush that is on its way."""
DRAIN_SECONDS = 60


async def by_batch_size(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """By size and design; one watcher, because posts are not what is asked."""
    results: dict[str, dict[str, Any]] = {str(size): {} for size in SIZES}
    for design in cloud.designs:
        code = "batches0"
        await asyncio.to_thread(cloud.make_links, design, [code])
        async with watching(design.endpoint, {code: 1}) as (watcher,):
            made = 0
            for size in SIZES:
                made += CLICKS
                results[str(size)][design.name] = await _of_size(cloud, design, watcher, size, made)
    return results


async def _of_size(
    cloud: Cloud, design: Design, watcher: Watcher, size: int, made: int
) -> dict[str, Any]:
    cloud.set_mapping(design, Enabled=False, BatchSize=size)
    await asyncio.sleep(SETTLE_SECONDS)
    await asyncio.to_thread(cloud.queue_clicks, design, watcher.code, CLICKS)
    cloud.records()
    cloud.set_mapping(design, Enabled=True)
    deadline = time.perf_counter() + DRAIN_SECONDS
    while cloud.waiting(design) or watcher.highest < made:
        if time.perf_counter() > deadline:
            raise NotDrained(f"{design.name} showed {watcher.highest} of {made} clicks")
        await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLE_SECONDS)
    records = cloud.records()
    calls = [call for call in records.calls if design.owns(call.caller)]
    return {
        "batches": batches([run for run in records.executions if design.owns(run.function)]),
        "calls_per_click": sum(call.service != "execute-api" for call in calls) / CLICKS,
        "write_units_per_click": sum(call.write_units for call in calls) / CLICKS,
        "read_units_per_click": sum(call.read_units for call in calls) / CLICKS,
        "posts_per_click": sum(call.service == "execute-api" for call in calls) / CLICKS,
    }
