"""How often one event makes the function `fan_out` run, by tasks that it sends to itself.

Lambda refuses the next run after about sixteen of one chain.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

import asyncio
import math

from handlers.realtime.delivery import fan_out, retry
from handlers.realtime.engine import Limits
from handlers.realtime.functions.fan_out import work
from handlers.realtime.model import Outcome, Range, Retry, State, Task
from tests.fakes.delivery import NOW, Fakes, subscribers
from tests.fakes.realtime import MemoryStore

DETECTED_RUNS = 16
LARGEST_CHANNEL = 1_000_000
"""Of docs/performance-scale.md."""
SPLITS = math.ceil(LARGEST_CHANNEL / Limits().split_size)
SMALL = Limits(inline_maximum=1, range_size=2, split_size=4)
CHANNEL = "link:a"
TRAILING_RUNS = 1


def large() -> tuple[Fakes, str]:
    """A channel with as many splits as the largest, and a connection that is hard to reach."""
    fakes = Fakes(store=MemoryStore(page_size=4), limits=SMALL)
    fakes.store.states[CHANNEL] = State(CHANNEL, 7, 4, {"clicks": 4}, NOW - 30)
    return fakes, subscribers(fakes, SPLITS * SMALL.split_size)[-1]


def chain(fakes: Fakes, hard: str, first: Task) -> list[set[type[Task]]]:
    """Kinds of tasks, run after run: there is no time for one connection while ranges may be handed
    on, and then that connection takes no post."""
    runs: list[set[type[Task]]] = []
    waiting = [first]
    while waiting:
        runs.append({type(task) for task in waiting})
        for task in waiting:
            handed_on = isinstance(task, Range) and task.attempt < fan_out.LAST_ATTEMPT
            fakes.posts.outcomes[hard] = Outcome.UNSTARTED if handed_on else Outcome.SLOW
            asyncio.run(work(fakes.engine, task))
        waiting = list(fakes.queue.tasks)
        fakes.queue.sent.clear()
    return runs


def test_the_longest_chain_of_a_large_channel_ends_before_lambda_sees_a_loop() -> None:
    fakes, hard = large()
    runs = chain(fakes, hard, Range(CHANNEL, counted=0))
    ranges, retries = fan_out.LAST_ATTEMPT + 1, retry.LAST_ATTEMPT + 1
    assert len(runs) == SPLITS + ranges + retries
    assert runs[-1] == {Retry}
    assert TRAILING_RUNS + len(runs) < DETECTED_RUNS
    assert fakes.posts.disconnected == [hard]
