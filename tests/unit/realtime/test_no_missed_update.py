"""What subscribers see in every order in which one subscriber and two publishers can interleave."""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from handlers.realtime import wire
from handlers.realtime.channels import Rules
from handlers.realtime.ports import (
    Connection,
    Outcome,
    Posts,
    State,
    Store,
    Subscription,
    UnknownConnection,
    Update,
)
from handlers.realtime.publisher import publish
from handlers.realtime.subscriptions import Peer, disconnect, subscribe
from tests.doubles.realtime import MemoryPosts, MemoryStore
from tests.doubles.schedule import Actor, crashing, interleavings, run_alone, step

CHANNEL = "link:a"
RULES = Rules.parse(
    '[{"pattern":"link:*","access":"public","delivery":"latest","min_interval_ms":200,'
    '"publishers":[]}]'
)
Subscriber = Callable[["World"], Actor]


@dataclass
class World:
    store: MemoryStore = field(default_factory=MemoryStore)
    posts: MemoryPosts = field(default_factory=MemoryPosts)
    replies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __post_init__(self) -> None:
        self.store.connections["c"] = Connection("c", "anonymous", 0, 7200)

    def positions(self) -> set[tuple[int, int]]:
        """Every (epoch, version) that the client has been shown a value of."""
        frames = [*self.posts.frames.get("c", []), *self.replies]
        return {(f["realtime"]["epoch"], f["realtime"]["version"]) for f in frames if _shows(f)}

    def publisher(self, version: int, epoch: int | None = 1) -> Callable[[], Actor]:
        update = Update(CHANNEL, {"clicks": version}, version, at=1, epoch=epoch)
        return lambda: _publish(self.store, self.posts, update)


def _shows(frame: dict[str, Any]) -> bool:
    return "event" not in frame["realtime"] or "value" in frame["realtime"]


async def _publish(store: Store, posts: Posts, update: Update) -> None:
    await publish(store, posts, update, api_id="api", now_ms=1)


async def _receive(world: World, state: State | None) -> None:
    await step()  # the reply travels: a push may overtake it
    world.replies.append(json.loads(wire.subscribed(wire.Subscribe(CHANNEL), state)))


async def subscriber(world: World) -> None:
    peer = Peer("c", "api")
    state = await subscribe(world.store, RULES, CHANNEL, peer=peer, maximum=9, now_ms=1)
    await _receive(world, state)


async def reading_before_the_row(world: World) -> None:
    state = await world.store.read_state(CHANNEL)
    row = Subscription("c", "api", "subscribe", connected_at=0, expires_at=7200)
    await world.store.put_subscription(CHANNEL, row)
    await _receive(world, state)


def last_versions(world: Callable[[], tuple[World, Sequence[Actor]]]) -> tuple[int, set[int]]:
    """How many orders there are, and the newest version that the client knows at their ends."""
    newest = [max(state.positions(), default=(0, 0))[1] for _, state in interleavings(world)]
    return len(newest), set(newest)


def two_publishers(subscriber: Subscriber) -> Callable[[], tuple[World, Sequence[Actor]]]:
    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        return state, (subscriber(state), state.publisher(1)(), state.publisher(2)())

    return world


def test_a_subscriber_ends_with_the_last_value_in_every_order() -> None:
    orders, newest = last_versions(two_publishers(subscriber))
    assert orders > 10_000
    assert newest == {2}


def test_reading_the_state_before_writing_the_row_would_miss_values() -> None:
    _, newest = last_versions(two_publishers(reading_before_the_row))
    assert newest == {0, 1, 2}


def test_reading_the_subscribers_before_writing_the_state_would_miss_values() -> None:
    async def reading_first(world: World) -> None:
        watching = await world.store.subscriptions(CHANNEL, None)
        state = await world.store.write_state(Update(CHANNEL, {}, 1, 1, 1))
        assert state
        ids = [subscription.connection_id for subscription in watching.subscriptions]
        await world.posts.post_all(ids, wire.push(state))

    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        return state, (subscriber(state), reading_first(state))

    assert last_versions(world)[1] == {0, 1}


@pytest.mark.parametrize("steps", range(5))
def test_a_publisher_that_dies_at_any_step_and_is_redelivered_misses_nobody(steps: int) -> None:
    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        return state, (subscriber(state), crashing(state.publisher(2), steps))

    assert last_versions(world)[1] == {2}


@pytest.mark.parametrize("steps", range(5))
def test_a_subscribe_that_dies_at_any_step_and_is_sent_again_misses_nothing(steps: int) -> None:
    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        return state, (crashing(lambda: subscriber(state), steps), state.publisher(2)())

    assert last_versions(world)[1] == {2}


def test_a_redelivery_that_took_an_equal_version_for_stale_would_miss_values() -> None:
    async def stopping_at_an_equal_version(world: World) -> None:
        if await world.store.read_state(CHANNEL) is None:
            await world.publisher(1)()

    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        return state, (
            subscriber(state),
            crashing(lambda: stopping_at_an_equal_version(state), 3),
        )

    assert last_versions(world)[1] == {0, 1}


def test_publishers_without_an_epoch_share_one_in_every_order() -> None:
    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        first, second = state.publisher(1, epoch=None), state.publisher(2, epoch=None)
        return state, (subscriber(state), first(), second())

    for schedule, state in interleavings(world):
        assert max(state.positions()) == (1, 2), schedule


def test_a_subscribe_that_meets_the_end_of_its_connection_leaves_no_row_after_a_publish() -> None:
    async def subscribing(world: World) -> None:
        with contextlib.suppress(UnknownConnection):
            await subscriber(world)

    async def ending(world: World) -> None:
        world.posts.outcomes["c"] = Outcome.GONE
        await disconnect(world.store, "c")

    def world() -> tuple[World, Sequence[Actor]]:
        state = World()
        return state, (subscribing(state), ending(state), state.publisher(1)())

    late = 0
    for schedule, state in interleavings(world):
        late += bool(state.store.rows)
        run_alone(state.publisher(2)())
        assert not state.store.rows, schedule
        assert not state.store.connections, schedule
    assert late
