"""What a client of a `latest` channel shows in the end, whatever interleaves and whatever dies.

The real code runs in every order of its calls; `pytest -rP` prints how many there are.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from handlers.realtime.delivery.engine import Engine, Limits
from handlers.realtime.delivery.tasks import Task
from handlers.realtime.ports import Claimed, Outcome, Page, Subscription, Superseded, Update
from tests.fakes.delivery import API
from tests.fakes.explorer import Changed, explore
from tests.fakes.realtime import MemoryStore as Store
from tests.fakes.schedule import step
from tests.fakes.situations import (
    CHANNEL,
    CLIENT,
    Actor,
    Setup,
    Situation,
    connecting,
    subscribing_again,
)

pytestmark = pytest.mark.exhaustive

SETUPS = {
    "two publishers, one crash, two workers": (Setup(crashes=1, workers=2), 10**9),
    "two publishers, a task delivered twice, two workers": (Setup(duplicates=1, workers=2), 10**10),
    "two publishers that wait for the hold, one crash": (Setup(patient=True, crashes=1), 10**9),
    "two publishers, posts that fail for a while": (
        Setup(breaks=Outcome.FAILED, ticks=0),
        10**11,
    ),
    "two publishers, posts that get no answer for a while": (
        Setup(breaks=Outcome.UNANSWERED, ticks=0),
        10**10,
    ),
    "one publisher, posts that fail, one crash": (
        Setup(versions=(1,), breaks=Outcome.FAILED, crashes=1),
        10**9,
    ),
    "two publishers, every fan-out a task, one crash": (
        Setup(limits=Limits(inline_maximum=0), crashes=1, ticks=0),
        10**8,
    ),
    "two publishers of the same version, one crash": (Setup(versions=(1, 1), crashes=1), 10**8),
    "three publishers, one crash": (Setup(versions=(1, 2, 3), ticks=0, crashes=1), 10**9),
    "a client that subscribes twice, two publishers": (
        Setup(client=subscribing_again, ticks=0),
        10**6,
    ),
    "a client that dies, two publishers": (Setup(client_dies=True, crashes=1, workers=2), 10**9),
    "a plain client, two publishers": (Setup(client=connecting, ticks=0), 10**10),
    "a plain client, two publishers, one crash": (
        Setup(client=connecting, ticks=0, crashes=1),
        10**12,
    ),
    "a plain client, one publisher, a task delivered twice, two workers": (
        Setup(client=connecting, versions=(1,), duplicates=1, workers=2),
        10**8,
    ),
}


@pytest.mark.parametrize("name", SETUPS)
def test_the_client_ends_with_the_last_value_in_every_order(name: str) -> None:
    setup, at_least = SETUPS[name]
    result = explore(Situation(setup))
    print(f"{name}: {result.orders:,} orders, {result.situations:,} situations")  # noqa: T201 - see above
    assert result.faults == {}
    assert result.orders >= at_least


async def reading_before_the_row(world: Situation, engine: Engine) -> None:
    state = await engine.store.read_state(CHANNEL)
    row = Subscription(CLIENT, API, "subscribe", connected_at=0, expires_at=7200)
    await engine.store.put_subscription(CHANNEL, row)
    await step()
    world.show(state)


def querying_before_the_claim(_: Actor, engine: Engine) -> Engine:
    class Store(Changed):
        page: Page

        async def claim(self, *args: Any) -> Any:
            self.page = await self.port.subscriptions(CHANNEL)
            return await self.port.claim(*args)

        async def subscriptions(self, *_: Any, **__: Any) -> Page:
            return self.page

    store: Any = Store(engine.store)
    return replace(engine, store=store)


def acknowledging_before_the_flush_is_sent(actor: Actor, engine: Engine) -> Engine:
    class Queue(Changed):
        async def send(self, tasks: Sequence[Task], delay_seconds: int = 0) -> None:
            actor.is_acknowledged = True
            await self.port.send(tasks, delay_seconds)

    queue: Any = Queue(engine.queue)
    return replace(engine, queue=queue)


def not_knowing_its_own_token(_: Actor, engine: Engine) -> Engine:
    class Store(Changed):
        async def claim(self, *args: Any) -> Any:
            return _unarmed(await self.port.claim(*args))

        async def join(self, *args: Any) -> Any:
            return _unarmed(await self.port.join(*args))

    def _unarmed(answer: Any) -> Any:
        return replace(answer, armed=None) if isinstance(answer, Superseded) else answer

    store: Any = Store(engine.store)
    return replace(engine, store=store)


class StoppingAtAnEqualVersion(Store):
    def _is_newer(self, update: Update) -> bool:
        state = self.states.get(update.channel)
        return state is not None and state.version >= update.version


class FlushingOnce(Store):
    """Forgets whose flush disarmed last."""

    def _hold(self, channel: str, now_ms: int, interval_ms: int, flushed: str | None) -> None:  # noqa: ARG002
        super()._hold(channel, now_ms, interval_ms, None)


def acknowledging_before_it_pushes(actor: Actor, engine: Engine) -> Engine:
    class Store(Changed):
        async def claim(self, *args: Any) -> Any:
            claim = await self.port.claim(*args)
            actor.is_acknowledged = isinstance(claim, Claimed)
            return claim

    store: Any = Store(engine.store)
    return replace(engine, store=store)


def taking_every_410_for_the_end(_: Actor, engine: Engine) -> Engine:
    now_ms = engine.now_ms
    return replace(engine, now_ms=lambda: now_ms() + 60_000)


def ignoring(outcome: Outcome) -> Any:
    def change(_: Actor, engine: Engine) -> Engine:
        class Posts(Changed):
            async def post_all(self, *args: Any) -> Any:
                outcomes = await self.port.post_all(*args)
                return {
                    connection_id: Outcome.DELIVERED if found is outcome else found
                    for connection_id, found in outcomes.items()
                }

        posts: Any = Posts(engine.posts)
        return replace(engine, posts=posts)

    return change


def sending_nothing(_: Actor, engine: Engine) -> Engine:
    class Queue(Changed):
        async def send(self, *_: Any, **__: Any) -> None:
            await step()

    queue: Any = Queue(engine.queue)
    return replace(engine, queue=queue)


BROKEN = {
    "the client reads the state before its row is written": Setup(client=reading_before_the_row),
    "a publisher reads the rows before it claims": Setup(
        change_publisher=querying_before_the_claim
    ),
    "a publisher acknowledges before the flush it armed is sent": Setup(
        crashes=1, change_publisher=acknowledging_before_the_flush_is_sent
    ),
    "a publisher that is stale does not look for its own token": Setup(
        versions=(1, 2, 3), ticks=0, crashes=1, change_publisher=not_knowing_its_own_token
    ),
    "a publisher stops at an equal version": Setup(crashes=1, store=StoppingAtAnEqualVersion),
    "a flush that died is taken for pushed": Setup(crashes=1, store=FlushingOnce),
    "a claim that disarms a flush is acknowledged before its push": Setup(
        crashes=1, change_publisher=acknowledging_before_it_pushes
    ),
    "a flush is lost": Setup(change_publisher=sending_nothing),
    "a post without an answer is not repeated": Setup(
        breaks=Outcome.UNANSWERED,
        ticks=0,
        change_publisher=ignoring(Outcome.UNANSWERED),
        change_worker=ignoring(Outcome.UNANSWERED),
    ),
    "a post that failed is not repeated": Setup(
        breaks=Outcome.FAILED,
        ticks=0,
        change_publisher=ignoring(Outcome.FAILED),
        change_worker=ignoring(Outcome.FAILED),
    ),
    "a 410 ends a connection that is opening": Setup(
        client=connecting,
        versions=(1,),
        change_publisher=taking_every_410_for_the_end,
        change_worker=taking_every_410_for_the_end,
    ),
    "only $connect catches a plain client up": Setup(
        client=connecting,
        versions=(1,),
        change_publisher=ignoring(Outcome.GONE),
        change_worker=ignoring(Outcome.GONE),
    ),
    "only a 410 catches a plain client up": Setup(
        client=connecting, versions=(1,), change_client=sending_nothing
    ),
}


@pytest.mark.parametrize("change", BROKEN)
def test_a_value_is_missed_in_some_order_if(change: str) -> None:
    faults = explore(Situation(BROKEN[change])).faults
    print(f"{change}: {faults}")  # noqa: T201 - see above
    assert faults
