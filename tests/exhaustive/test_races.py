"""Two that meet: what is left when a connection ends meanwhile, and which of two epochs stays."""

import contextlib
from collections.abc import Sequence

import pytest

from handlers.realtime.connections import delete_connection
from handlers.realtime.functions.fan_out import work
from handlers.realtime.model import Connection, Outcome, Rejected, UnknownConnection, Update
from handlers.realtime.subscriptions import Peer, subscribe
from tests.fakes.delivery import API, NOW, RULES, Fakes
from tests.fakes.schedule import Actor, finish, interleavings

CHANNEL = "link:a"


def opened() -> Fakes:
    fakes = Fakes()
    fakes.store.connections["c"] = Connection("c", "anonymous", NOW, NOW // 1000 + 7200)
    return fakes


async def publishing(fakes: Fakes, version: int, epoch: int = 1) -> None:
    update = Update(CHANNEL, {}, version, at=NOW + version, epoch=epoch)
    await fakes.engine.mode(CHANNEL).publish(fakes.engine, update, [f"m{version}"])


def work_on_all(fakes: Fakes) -> None:
    while fakes.queue.sent:
        task, _ = fakes.queue.sent.pop(0)
        finish(work(fakes.engine, task))


def test_the_value_with_an_epoch_is_left_where_one_without_meets_it_in_every_order() -> None:
    async def without(fakes: Fakes) -> None:
        with contextlib.suppress(Rejected):
            await publishing(fakes, 2, epoch=0)

    def world() -> tuple[Fakes, Sequence[Actor]]:
        fakes = opened()
        return fakes, (publishing(fakes, 1), without(fakes))

    orders = 0
    for schedule, fakes in interleavings(world):
        state = fakes.store.states[CHANNEL]
        assert (state.epoch, state.version) == (1, 1), schedule
        orders += 1
    assert orders > 5


@pytest.mark.exhaustive
def test_a_subscribe_that_meets_the_end_of_its_connection_leaves_no_row_in_any_order() -> None:
    leaves_no_row(preemptions=None)


def test_a_subscribe_that_meets_the_end_of_its_connection_leaves_no_row_with_an_interruption() -> (
    None
):
    leaves_no_row(preemptions=1)


def leaves_no_row(preemptions: int | None) -> None:
    """After the next publish, at the latest."""

    async def subscribing(fakes: Fakes) -> None:
        with contextlib.suppress(UnknownConnection):
            await subscribe(fakes.store, RULES, CHANNEL, peer=Peer("c", API), maximum=9, now_ms=NOW)

    async def ending(fakes: Fakes) -> None:
        fakes.posts.outcomes["c"] = Outcome.GONE
        await delete_connection(fakes.store, "c")

    def world() -> tuple[Fakes, Sequence[Actor]]:
        fakes = opened()
        return fakes, (subscribing(fakes), ending(fakes), publishing(fakes, 1))

    late = 0
    for schedule, fakes in interleavings(world, preemptions):
        late += bool(fakes.store.rows)
        fakes.now += 1_000
        finish(publishing(fakes, 2))
        work_on_all(fakes)
        assert not fakes.store.rows, schedule
        assert not fakes.store.connections, schedule
    assert late
