"""Two that meet: what is left when a connection ends meanwhile, and which of two epochs stays."""

import contextlib
from collections.abc import Sequence

import pytest

from handlers.realtime.delivery.workers import work
from handlers.realtime.latest.publish import Update, publish
from handlers.realtime.model import Connection, MissingEpoch, Outcome, UnknownConnection
from handlers.realtime.subscriptions import Peer, disconnect, subscribe
from tests.fakes.delivery import API, NOW, RULES, Twins
from tests.fakes.schedule import Actor, finish, interleavings

CHANNEL = "link:a"


def opened() -> Twins:
    twins = Twins()
    twins.store.connections["c"] = Connection("c", "anonymous", NOW, NOW // 1000 + 7200)
    return twins


async def publishing(twins: Twins, version: int, epoch: int = 1) -> None:
    update = Update(CHANNEL, {}, version, at=NOW + version, epoch=epoch)
    await publish(twins.engine, update, [f"m{version}"])


def work_on_all(twins: Twins) -> None:
    while twins.queue.sent:
        task, _ = twins.queue.sent.pop(0)
        finish(work(twins.engine, task))


def test_the_value_with_an_epoch_is_left_where_one_without_meets_it_in_every_order() -> None:
    async def without(twins: Twins) -> None:
        with contextlib.suppress(MissingEpoch):
            await publishing(twins, 2, epoch=0)

    def world() -> tuple[Twins, Sequence[Actor]]:
        twins = opened()
        return twins, (publishing(twins, 1), without(twins))

    orders = 0
    for schedule, twins in interleavings(world):
        state = twins.store.states[CHANNEL]
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

    async def subscribing(twins: Twins) -> None:
        with contextlib.suppress(UnknownConnection):
            await subscribe(twins.store, RULES, CHANNEL, peer=Peer("c", API), maximum=9, now_ms=NOW)

    async def ending(twins: Twins) -> None:
        twins.posts.outcomes["c"] = Outcome.GONE
        await disconnect(twins.store, "c")

    def world() -> tuple[Twins, Sequence[Actor]]:
        twins = opened()
        return twins, (subscribing(twins), ending(twins), publishing(twins, 1))

    late = 0
    for schedule, twins in interleavings(world, preemptions):
        late += bool(twins.store.rows)
        twins.now += 1_000
        finish(publishing(twins, 2))
        work_on_all(twins)
        assert not twins.store.rows, schedule
        assert not twins.store.connections, schedule
    assert late
