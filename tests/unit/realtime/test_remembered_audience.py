"""Who watches is read once and remembered: who comes, leaves or is shut out is not overlooked."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from handlers.realtime.channels import Rules
from handlers.realtime.delivery.engine import Engine, Limits, Published
from handlers.realtime.delivery.remembered import Remembered
from handlers.realtime.delivery.tasks import Forget
from handlers.realtime.ports import Connection, Outcome, Page, Subscription, Update
from handlers.realtime.publisher import publish
from handlers.realtime.subscriptions import Handshake, Peer, connect, subscribe, unsubscribe
from tests.doubles.audiences import Store
from tests.doubles.delivery import API, NOW, RULES, RULES_TEXT, Twins, audience, watcher
from tests.doubles.explorer import Changed, explore
from tests.doubles.realtime import MemoryStore
from tests.doubles.situations import Actor, Setup, Situation

CHANNEL = "raw:a"
"""Each value is pushed at once."""


class Counting(MemoryStore):
    queries = 0

    async def subscriptions(self, *args: Any, **bounds: Any) -> Page:
        self.queries += 1
        return await super().subscriptions(*args, **bounds)


@pytest.fixture
def store() -> Counting:
    return Counting()


@pytest.fixture
def twins(store: Counting) -> Twins:
    return Twins(store=store)


def send(twins: Twins, version: int, engine: Engine | None = None) -> Published:
    update = Update(CHANNEL, {}, version, at=NOW, epoch=1)
    return asyncio.run(publish(engine or twins.engine, update, [f"m{version}"]))


def versions(twins: Twins, connection_id: str) -> list[int]:
    frames = twins.posts.frames.get(connection_id, [])
    return [frame["realtime"]["version"] for frame in frames]


def join(twins: Twins, connection_id: str) -> Any:
    peer = Peer(connection_id, API)
    now_ms = twins.engine.now_ms()
    work = subscribe(twins.store, RULES, CHANNEL, peer=peer, maximum=9, now_ms=now_ms)
    return asyncio.run(work)


def connection(twins: Twins, connection_id: str) -> Connection:
    made = Connection(connection_id, "anonymous", NOW, NOW // 1000 + 7200, frozenset([CHANNEL]))
    twins.store.connections[connection_id] = made
    return made


def test_an_audience_is_read_once_for_any_number_of_values(twins: Twins, store: Counting) -> None:
    ids = audience(twins, 3, CHANNEL)
    for version in range(1, 6):
        assert send(twins, version) == Published(subscribers=3, delivered=3)
    assert store.queries == 1
    assert all(versions(twins, each) == [1, 2, 3, 4, 5] for each in ids)


def test_a_channel_that_nobody_watches_is_read_once_too(twins: Twins, store: Counting) -> None:
    for version in (1, 2, 3):
        assert send(twins, version) == Published()
    assert store.queries == 1


def test_who_subscribes_has_the_value_of_before_and_is_pushed_the_next(
    twins: Twins, store: Counting
) -> None:
    audience(twins, 1, CHANNEL)
    send(twins, 1)
    connection(twins, "late")
    assert join(twins, "late").version == 1
    send(twins, 2)
    send(twins, 3)
    assert versions(twins, "late") == [2, 3]
    assert store.queries == 2


def test_who_connects_by_the_address_is_pushed_the_next_value(twins: Twins) -> None:
    send(twins, 1)
    handshake = Handshake(CHANNEL, connection(twins, "plain"), API)
    assert not asyncio.run(connect(twins.store, twins.log, twins.queue, RULES, handshake))
    send(twins, 2)
    assert versions(twins, "plain") == [2]


def test_a_heartbeat_leaves_what_is_remembered(twins: Twins, store: Counting) -> None:
    connection(twins, "c")
    join(twins, "c")
    send(twins, 1)
    for version in (2, 3, 4):
        assert join(twins, "c").version == version - 1
        send(twins, version)
    assert store.queries == 1
    assert versions(twins, "c") == [1, 2, 3, 4]


def test_who_unsubscribes_is_pushed_to_no_more(twins: Twins) -> None:
    connection(twins, "c")
    join(twins, "c")
    send(twins, 1)
    asyncio.run(unsubscribe(twins.store, CHANNEL, connection_id="c"))
    assert send(twins, 2) == Published()
    assert versions(twins, "c") == [1]


def test_a_connection_that_is_gone_costs_one_post_and_no_task(
    twins: Twins, store: Counting
) -> None:
    audience(twins, 2, CHANNEL)
    send(twins, 1)
    twins.posts.outcomes["c000"] = Outcome.GONE
    del store.rows[CHANNEL, "c000"]  # as $disconnect does
    assert send(twins, 2) == Published(subscribers=2, delivered=1, gone=1)
    assert store.queries == 2
    assert send(twins, 3) == Published(subscribers=1, delivered=1)
    assert twins.queue.tasks == []
    assert store.queries == 2


def test_one_that_is_gone_and_left_its_row_is_forgotten(twins: Twins) -> None:
    audience(twins, 2, CHANNEL)
    send(twins, 1)
    twins.posts.outcomes["c000"] = Outcome.GONE
    assert send(twins, 2) == Published(subscribers=2, delivered=1, gone=1, tasks=1)
    assert twins.queue.tasks == [Forget(CHANNEL, ("c000",))]


def test_a_failed_post_to_a_remembered_connection_has_its_remedy(twins: Twins) -> None:
    audience(twins, 1, CHANNEL)
    send(twins, 1)
    twins.posts.outcomes["c000"] = Outcome.FAILED
    assert send(twins, 2).tasks == 1


def test_nothing_is_pushed_past_the_end_of_a_remembered_connection(twins: Twins) -> None:
    watcher(twins.store, "c", CHANNEL, expires_at=NOW // 1000 + 1)
    send(twins, 1)
    twins.now += 1_000
    assert send(twins, 2).delivered == 0
    assert versions(twins, "c") == [1]


def test_an_owners_channel_is_read_each_time(twins: Twins, store: Counting) -> None:
    text = RULES_TEXT.replace("raw:*", "raw:{sub}").replace('"public"', '"owner"', 2)
    owners = text.replace('"link:*","access":"owner"', '"link:*","access":"public"')
    engine = replace(twins.engine, rules=Rules.parse(owners))
    audience(twins, 1, CHANNEL)
    for version in (1, 2):
        send(twins, version, engine)
        state = store.states[CHANNEL]
        assert state.audience is None
    assert store.queries == 2


def test_an_audience_too_large_to_be_served_at_once_is_not_remembered(
    twins: Twins, store: Counting
) -> None:
    twins.limits = Limits(inline_maximum=2)
    audience(twins, 3, CHANNEL)
    assert send(twins, 1) == send(twins, 2) == Published(tasks=1)
    assert store.queries == 2


def test_rows_are_bounded_and_the_audience_least_needed_makes_room() -> None:
    row = Subscription("c", API, "subscribe", 0, 1)
    known = Remembered(maximum_rows=8)
    for channel in ("a", "b", "c"):
        known.keep(channel, "name", [row, row])
    assert known.find("a", "name") is None
    assert known.find("b", "name") == known.find("c", "name") == [row, row]
    known.keep("d", "name", [row] * 8)
    assert known.find("d", "name") is None
    assert known.find("b", "another") is None
    assert known.find("b", None) is None


def test_names_are_never_the_same() -> None:
    known = Remembered()
    assert len({known.new_name() for _ in range(1_000)}) == 1_000


def leaving_the_name(_: Actor, engine: Engine) -> Engine:
    class Store(Changed):
        async def forget_audience(self, channel: str) -> Any:
            return await self.port.read_state(channel)

    store: Any = Store(engine.store)
    return replace(engine, store=store)


def showing_what_it_read_first(_: Actor, engine: Engine) -> Engine:
    class Store(Changed):
        first: Any = None

        async def read_state(self, channel: str) -> Any:
            self.first = await self.port.read_state(channel)
            return self.first

        async def forget_audience(self, channel: str) -> Any:
            await self.port.forget_audience(channel)
            return self.first

    store: Any = Store(engine.store)
    return replace(engine, store=store)


def settling_at_once(_: Actor, engine: Engine) -> Engine:
    class Store(Changed):
        async def put_subscription(self, channel: str, row: Subscription) -> bool:
            settled: bool = await self.port.put_subscription(channel, row)
            await self.port.settle_subscription(channel, row.connection_id)
            return settled

    store: Any = Store(engine.store)
    return replace(engine, store=store)


def trusting_its_memory(_: Actor, engine: Engine) -> Engine:
    class AnyName(Changed):
        def find(self, channel: str, _: str | None) -> Any:
            names = ("audience 0", "audience 1")
            found = (self.port.find(channel, name) for name in names)
            return next((rows for rows in found if rows is not None), None)

    remembered: Any = AnyName(engine.remembered)
    return replace(engine, remembered=remembered)


class GivingANameAgain(Store):
    def _name(self, audience: str) -> str:  # noqa: ARG002
        return "audience 0"


BROKEN = {
    "the client leaves the audience its name": Setup(change_client=leaving_the_name),
    "the client shows what it read before it took the name": Setup(
        change_client=showing_what_it_read_first
    ),
    "a row is settled as it is put": Setup(
        client_dies=True, crashes=1, change_client=settling_at_once
    ),
    "a publisher goes by what it remembers under any name": Setup(
        change_publisher=trusting_its_memory
    ),
    "an audience has the same name again": Setup(store=GivingANameAgain),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("change", BROKEN)
def test_a_value_is_missed_in_some_order_if(change: str) -> None:
    assert explore(Situation(BROKEN[change])).faults
