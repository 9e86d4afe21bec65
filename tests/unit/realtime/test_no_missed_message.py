"""What a client of an `every` channel shows, however publishers and it interleave."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from handlers.realtime import protocol
from handlers.realtime.delivery.fan_out import fan_out
from handlers.realtime.every.log import Event, Known, LogMessage
from handlers.realtime.every.log import Sequence as Numbering
from handlers.realtime.every.publish import numbered, publish_event
from handlers.realtime.every.recovery import recover
from handlers.realtime.functions.messages import Service
from handlers.realtime.model import Connection, Outcome, Subscription
from handlers.realtime.protocol import Since
from tests.fakes.client import EveryClient
from tests.fakes.delivery import API, NOW, RULES, Twins
from tests.fakes.realtime import MemoryPosts
from tests.fakes.schedule import Actor, crashing, interleavings, run_alone, step

pytestmark = pytest.mark.exhaustive

CHANNEL = "order:1"
FOR_EVER = 2**40
WINDOW = Since(0, 0)
Worlds = Callable[[], tuple["World", Sequence[Actor]]]


class ToClient(MemoryPosts):
    """Posts that arrive when they are sent."""

    def __init__(self, client: EveryClient) -> None:
        super().__init__()
        self._client = client

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        outcomes = await super().post_all(connection_ids, data, seconds)
        for _ in connection_ids:
            self._client.receive(json.loads(data))
        return outcomes


async def no_pause(_: float) -> None:
    """What a pause lets others do, the step before the next call lets them do too."""


class World:
    """One client, the log, and what the tests' actors do to them."""

    def __init__(self, *, client: Callable[[Since], EveryClient] = EveryClient) -> None:
        self.client = client(WINDOW)
        self.twins = Twins(posts=ToClient(self.client))
        self.twins.store.connections["c"] = Connection("c", "anonymous", NOW, FOR_EVER)
        self.engine = dataclasses.replace(self.twins.engine, sleep=no_pause)
        self.log = self.twins.log.of(CHANNEL)

    async def publisher(self, message_id: str) -> None:
        await publish_event(self.engine, an_event(message_id), history_seconds=FOR_EVER)

    async def subscriber(self) -> None:
        service = Service(self.twins.store, self.twins.log, RULES, maximum_subscriptions=9)
        message = protocol.Subscribe(CHANNEL, self.client.since)
        reply = await service.reply(message, {"connectionId": "c", "apiId": API})
        await self.receive(reply)

    async def receive(self, reply: str) -> None:
        await step()  # the reply travels: a push may overtake it
        self.client.receive(json.loads(reply))

    def ids(self) -> list[str]:
        return [self.log.messages[number].id for number in sorted(self.log.messages)]

    def faults(self) -> set[str]:
        numbers, ids = sorted(self.log.messages), self.ids()
        shown = [value["id"] for value in self.client.shown]
        last = self.log.sequence.number if self.log.sequence else 0
        found = {
            "the numbers have a gap": numbers != list(range(1, last + 1)),
            "an id has two numbers": len(set(ids)) < len(ids),
            "the client misses a message": shown != ids,
        }
        return {fault for fault, is_there in found.items() if is_there}


def an_event(message_id: str) -> Event:
    return Event(CHANNEL, message_id, {"id": message_id}, at=NOW)


def ready(world: World, *actors: Actor) -> tuple[World, Sequence[Actor]]:
    """Each actor stands before its first call: on the way there it does nothing others could see.

    That of a subscriber is its second, because nobody else looks at its connection.
    """
    for actor in actors:
        actor.send(None)
        if getattr(actor, "__name__", "") == "subscriber":
            actor.send(None)
    return world, actors


def explore(worlds: Worlds, preemptions: int | None = None) -> tuple[int, set[str]]:
    """How many orders there are, and what is wrong at the end of any of them."""
    orders, faults = 0, set[str]()
    for _, world in interleavings(worlds, preemptions):
        orders += 1
        faults |= world.faults()
    return orders, faults


def publishing(world: World, message_id: str, steps: int) -> Actor:
    return crashing(lambda: world.publisher(message_id), steps)


def test_a_client_shows_every_message_of_two_publishers_in_every_order() -> None:
    def worlds() -> tuple[World, Sequence[Actor]]:
        world = World()
        return ready(world, world.publisher("a"), world.publisher("b"), world.subscriber())

    orders, faults = explore(worlds)
    assert not faults
    assert orders > 50_000


@pytest.mark.parametrize("steps", range(5))
def test_a_publisher_that_dies_at_any_step_and_is_redelivered_misses_nobody(steps: int) -> None:
    def worlds() -> tuple[World, Sequence[Actor]]:
        world = World()
        return ready(world, publishing(world, "a", steps), world.subscriber())

    assert explore(worlds)[1] == set()


@pytest.mark.parametrize("steps", range(4))
def test_a_redelivery_beside_another_publisher_numbers_each_id_once(steps: int) -> None:
    def worlds() -> tuple[World, Sequence[Actor]]:
        world = World()
        return ready(world, publishing(world, "a", steps), world.publisher("b"))

    orders = 0
    for _, world in interleavings(worlds):
        orders += 1
        run_alone(world.subscriber())
        assert not world.faults()
        assert sorted(world.ids()) == ["a", "b"]
    assert orders > 20


def test_two_publishers_one_of_which_dies_and_a_subscriber_with_few_interruptions() -> None:
    orders = 0
    for steps in range(5):

        def worlds(steps: int = steps) -> tuple[World, Sequence[Actor]]:
            world = World()
            dying = publishing(world, "a", steps)
            return ready(world, dying, world.publisher("b"), world.subscriber())

        explored, faults = explore(worlds, preemptions=3)
        assert not faults
        orders += explored
    assert orders > 10_000


def broken(*actors: Callable[[World], Actor]) -> set[str]:
    def worlds() -> tuple[World, Sequence[Actor]]:
        world = World()
        return ready(world, *(actor(world) for actor in actors))

    return explore(worlds)[1]


def test_numbering_outside_the_transaction_would_leave_gaps() -> None:
    async def numbering_apart(world: World) -> None:
        if any(message.id == "a" for message in world.log.messages.values()):
            return
        await step()
        number = (world.log.sequence.number if world.log.sequence else 0) + 1
        world.log.sequence = Numbering(NOW, number)
        await step()
        world.log.messages[number] = LogMessage(number, "a", {"id": "a"}, NOW, FOR_EVER)
        world.log.ids["a"] = Known(NOW, number)
        push = numbered(CHANNEL, NOW, number, world.log.messages[number])
        await fan_out(world.engine, push)

    faults = broken(lambda world: crashing(lambda: numbering_apart(world), 2), World.subscriber)
    assert "the numbers have a gap" in faults


def test_a_known_id_that_is_not_pushed_again_would_be_missed() -> None:
    async def stopping_at_a_known_id(world: World) -> None:
        if "a" not in world.log.ids:
            await world.publisher("a")

    faults = broken(
        lambda world: crashing(lambda: stopping_at_a_known_id(world), 4), World.subscriber
    )
    assert faults == {"the client misses a message"}


def test_history_read_before_the_row_is_written_would_miss_messages() -> None:
    async def reading_first(world: World) -> None:
        recovery = await recover(world.twins.log, CHANNEL, WINDOW, now_ms=NOW)
        row = Subscription("c", API, "subscribe", connected_at=NOW, expires_at=FOR_EVER)
        await world.twins.store.put_subscription(CHANNEL, row)
        await world.receive(protocol.resumed(protocol.Subscribe(CHANNEL, WINDOW), recovery))

    faults = broken(lambda world: world.publisher("a"), reading_first)
    assert faults == {"the client misses a message"}


def test_a_client_that_drops_what_is_not_newer_would_miss_messages() -> None:
    class LatestRule(EveryClient):
        """Shows what is newer than what it has shown, as on a `latest` channel."""

        def receive(self, frame: Mapping[str, Any]) -> None:
            about = frame["realtime"]
            pushed = {"version": about.get("version"), "value": {"id": frame.get("id")}}
            for message in about.get("messages", [pushed]):
                if not self.since or message["version"] > self.since.version:
                    self.since = Since(about["epoch"], message["version"])
                    self.shown.append(message["value"])

    def worlds() -> tuple[World, Sequence[Actor]]:
        world = World(client=LatestRule)
        return ready(world, world.publisher("a"), world.publisher("b"), world.subscriber())

    assert any(world.faults() for _, world in interleavings(worlds))
