"""How often one event makes the function `fan_out` run, by tasks that it sends to itself.

Lambda refuses the next run after about sixteen of one chain.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

import asyncio
import math

from handlers.realtime.delivery import retry, serving
from handlers.realtime.delivery.engine import Limits
from handlers.realtime.delivery.tasks import CatchUp, Range, Rest, Task
from handlers.realtime.delivery.workers import work
from handlers.realtime.model import Outcome, State
from tests.fakes.delivery import NOW, Twins, audience
from tests.fakes.realtime import MemoryStore

DETECTED_RUNS = 16
LARGEST_AUDIENCE = 1_000_000
"""Of docs/performance-scale.md."""
CUTS = math.ceil(LARGEST_AUDIENCE / Limits().cut_size)
SMALL = Limits(inline_maximum=1, range_size=2, cut_size=4)
CHANNEL = "link:a"
FLUSH_RUNS = 1


def large() -> tuple[Twins, str]:
    """An audience that takes as many cuts as the largest, and the one who is hard to reach."""
    twins = Twins(store=MemoryStore(page_size=2), limits=SMALL)
    twins.store.states[CHANNEL] = State(CHANNEL, 7, 4, {"clicks": 4}, NOW - 30)
    return twins, audience(twins, CUTS * SMALL.cut_size)[-1]


def chain(twins: Twins, hard: str, first: Task) -> list[set[type[Task]]]:
    """Kinds of tasks, run after run: no time for one connection while tasks may be handed on, and
    then that connection takes no post."""
    runs: list[set[type[Task]]] = []
    waiting = [first]
    while waiting:
        runs.append({type(task) for task in waiting})
        for task in waiting:
            handed_on = isinstance(task, Range | Rest) and task.attempt < serving.LAST_ATTEMPT
            twins.posts.outcomes[hard] = Outcome.UNSTARTED if handed_on else Outcome.SLOW
            asyncio.run(work(twins.engine, task))
        waiting = list(twins.queue.tasks)
        twins.queue.sent.clear()
    return runs


def test_the_longest_chain_of_a_large_audience_ends_before_lambda_sees_a_loop() -> None:
    twins, hard = large()
    runs = chain(twins, hard, Range(CHANNEL, whole=True))
    ranges, catch_ups = serving.LAST_ATTEMPT + 1, retry.LAST_ATTEMPT + 1
    assert len(runs) == CUTS + ranges + catch_ups
    assert runs[-1] == {CatchUp}
    assert FLUSH_RUNS + len(runs) < DETECTED_RUNS
    assert twins.posts.disconnected == [hard]


def test_what_a_publisher_had_no_time_for_makes_a_shorter_chain() -> None:
    twins, hard = large()
    runs = chain(twins, hard, Rest(CHANNEL, (hard,), NOW // 1000 + 7200, 7, 4))
    assert len(runs) == serving.LAST_ATTEMPT + 1 + retry.LAST_ATTEMPT + 1
