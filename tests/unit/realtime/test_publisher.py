import asyncio
from dataclasses import replace

import pytest

from handlers.realtime.channels import UnknownChannel
from handlers.realtime.delivery.engine import Published
from handlers.realtime.delivery.tasks import Flush
from handlers.realtime.latest.publish import Update, flush, publish
from handlers.realtime.model import MissingEpoch, State
from handlers.realtime.protocol import InvalidValue, TooLarge
from tests.fakes.delivery import NOW, Twins, watcher
from tests.fakes.realtime import Hold

EPOCH = 1_763_787_000_000
CHANNEL = "link:a"
INTERVAL_MS = 200


@pytest.fixture
def twins() -> Twins:
    twins = Twins()
    watcher(twins.store, "c", CHANNEL)
    return twins


def clicks(number: int, epoch: int = EPOCH, channel: str = CHANNEL) -> Update:
    return Update(channel, {"clicks": number}, number, NOW, epoch)


def send(twins: Twins, update: Update, *tokens: str) -> Published:
    return asyncio.run(publish(twins.engine, update, tokens or ("m1",)))


def run_flush(twins: Twins, task: Flush) -> Published:
    return asyncio.run(flush(twins.engine, task))


def shown(twins: Twins) -> list[int]:
    return [frame["clicks"] for frame in twins.posts.frames.get("c", [])]


def test_on_a_quiet_channel_a_value_is_pushed_at_once_and_costs_no_message(twins: Twins) -> None:
    assert send(twins, clicks(4)) == Published(subscribers=1, delivered=1)
    frame = {
        "clicks": 4,
        "realtime": {"channel": CHANNEL, "epoch": EPOCH, "version": 4, "at": NOW},
    }
    assert twins.posts.frames == {"c": [frame]}
    assert twins.queue.sent == []


def test_within_the_interval_a_value_is_written_and_left_to_one_flush(twins: Twins) -> None:
    send(twins, clicks(4), "m1")
    twins.now += 50
    assert send(twins, clicks(5), "m2", "m3") == Published(conflated=True)
    assert send(twins, clicks(6), "m4") == Published(conflated=True)
    assert shown(twins) == [4]
    assert twins.queue.sent == [(Flush(CHANNEL, "m2", NOW + INTERVAL_MS), 0)]
    assert twins.store.states[CHANNEL].version == 6


def test_a_flush_waits_for_its_time_then_pushes_the_newest_value(twins: Twins) -> None:
    send(twins, clicks(4))
    send(twins, clicks(5), "m2")
    send(twins, clicks(6), "m3")
    [task] = twins.queue.tasks
    assert isinstance(task, Flush)
    assert run_flush(twins, task).delivered == 1
    assert twins.now == NOW + INTERVAL_MS
    assert shown(twins) == [4, 6]
    assert twins.store.holds[CHANNEL] == Hold(
        NOW + 2 * INTERVAL_MS, NOW + INTERVAL_MS, flushed="m2"
    )


def test_after_the_interval_the_next_value_is_pushed_at_once(twins: Twins) -> None:
    send(twins, clicks(4))
    twins.now += INTERVAL_MS
    assert send(twins, clicks(5)).delivered == 1
    assert twins.queue.sent == []


def test_a_channel_without_an_interval_pushes_every_value(twins: Twins) -> None:
    watcher(twins.store, "c", "raw:a")
    for number in (1, 2, 3):
        assert send(twins, clicks(number, channel="raw:a")).delivered == 1
    assert twins.queue.sent == []


def test_a_flush_is_delayed_by_the_whole_seconds_that_the_channels_interval_lasts(
    twins: Twins,
) -> None:
    send(twins, clicks(4))
    for interval_ms in (2_900, 10_000_000):
        asyncio.run(twins.store.set_interval(CHANNEL, interval_ms))
        twins.store.holds[CHANNEL] = replace(twins.store.holds[CHANNEL], armed=None)
        send(twins, clicks(5), "m2")
    assert [delay for _, delay in twins.queue.sent] == [2, 900]


def test_a_clock_that_is_ahead_holds_the_channel_for_nobody_but_itself(twins: Twins) -> None:
    twins.now += 600_000
    send(twins, clicks(4))
    twins.now -= 600_000
    assert send(twins, clicks(5)).delivered == 1
    assert shown(twins) == [4, 5]


def test_a_flush_waits_no_longer_than_the_interval_for_a_hold_that_was_written_ahead(
    twins: Twins,
) -> None:
    twins.now += 600_000
    send(twins, clicks(4))
    twins.now -= 600_000
    asyncio.run(twins.store.join(clicks(6), "m3"))
    assert send(twins, clicks(5), "m3").stale
    assert twins.queue.sent == [(Flush(CHANNEL, "m3", NOW + INTERVAL_MS), 0)]


def test_a_redelivered_message_that_armed_the_flush_sends_it_again(twins: Twins) -> None:
    send(twins, clicks(4), "m1")
    send(twins, clicks(5), "m2")
    send(twins, clicks(5), "m9", "m2")
    assert twins.queue.tasks == [Flush(CHANNEL, "m2", NOW + INTERVAL_MS)] * 2


def test_a_redelivered_message_that_armed_the_flush_sends_it_also_when_it_is_stale(
    twins: Twins,
) -> None:
    send(twins, clicks(4), "m1")
    send(twins, clicks(5), "m2")
    send(twins, clicks(6), "m3")
    assert send(twins, clicks(5), "m2") == Published(stale=True)
    assert twins.queue.tasks == [Flush(CHANNEL, "m2", NOW + INTERVAL_MS)] * 2


def test_a_flush_whose_value_a_claim_has_pushed_costs_one_write_and_pushes_nothing(
    twins: Twins,
) -> None:
    send(twins, clicks(4))
    send(twins, clicks(5), "m2")
    twins.now += 2 * INTERVAL_MS
    assert send(twins, clicks(6), "m3").delivered == 1
    [task] = twins.queue.tasks
    assert isinstance(task, Flush)
    assert run_flush(twins, task) == Published()
    assert shown(twins) == [4, 6]


def test_a_flush_that_comes_again_pushes_again_for_it_may_have_died(twins: Twins) -> None:
    send(twins, clicks(4))
    send(twins, clicks(5), "m2")
    [task] = twins.queue.tasks
    assert isinstance(task, Flush)
    run_flush(twins, task)
    run_flush(twins, task)
    assert shown(twins) == [4, 5, 5]


def test_a_flush_that_never_comes_is_made_good_by_a_claim(twins: Twins) -> None:
    for number in (4, 5, 6):
        send(twins, clicks(number), f"m{number}")
        twins.now += INTERVAL_MS - 10
    assert shown(twins) == [4, 6]


def test_a_flush_of_a_state_that_is_gone_does_nothing() -> None:
    twins = Twins()
    assert run_flush(twins, Flush(CHANNEL, "m1")) == Published()


def test_a_channel_nobody_watches_still_gets_its_state() -> None:
    twins = Twins()
    assert send(twins, clicks(4)) == Published()
    assert twins.store.states[CHANNEL] == State(CHANNEL, EPOCH, 4, {"clicks": 4}, NOW)


@pytest.mark.parametrize("older", [clicks(3), clicks(9, EPOCH - 1)])
def test_a_stale_version_changes_nothing_and_posts_nothing(twins: Twins, older: Update) -> None:
    send(twins, clicks(4))
    before = dict(twins.store.states)
    assert send(twins, older) == Published(stale=True)
    assert twins.store.states == before
    assert shown(twins) == [4]
    assert twins.queue.sent == []


def test_an_equal_version_is_pushed_again(twins: Twins) -> None:
    send(twins, clicks(4))
    twins.now += INTERVAL_MS
    assert send(twins, clicks(4)).delivered == 1


def test_a_new_epoch_starts_afresh_however_small_its_version(twins: Twins) -> None:
    send(twins, clicks(400))
    assert not send(twins, clicks(1, EPOCH + 1)).stale
    assert twins.store.states[CHANNEL].version == 1


def test_an_update_without_an_epoch_is_refused_where_the_value_has_one(twins: Twins) -> None:
    send(twins, clicks(4))
    with pytest.raises(MissingEpoch, match=f"must give an epoch.*{EPOCH}"):
        send(twins, clicks(5, 0))
    assert shown(twins) == [4]


def test_an_update_that_is_refused_sends_the_flush_that_it_armed_before(twins: Twins) -> None:
    send(twins, clicks(4, 0), "m1")
    send(twins, clicks(5, 0), "m2")
    send(twins, clicks(1), "m3")
    with pytest.raises(MissingEpoch):
        send(twins, clicks(5, 0), "m2")
    assert twins.queue.tasks == [Flush(CHANNEL, "m2", NOW + INTERVAL_MS)] * 2


@pytest.mark.parametrize("channel", ["unknown", "order:1", "link:a:b"])
def test_a_channel_that_takes_no_values_is_refused_before_any_call(channel: str) -> None:
    twins = Twins()
    with pytest.raises(UnknownChannel, match="delivery latest"):
        send(twins, clicks(1, channel=channel))
    assert not twins.store.states


@pytest.mark.parametrize(
    ("value", "refusal"),
    [({"x": "e" * 4096}, TooLarge), ({"realtime": 1}, InvalidValue), ({"x": {1}}, InvalidValue)],
)
def test_a_value_that_cannot_be_pushed_is_refused_before_any_call(
    value: dict[str, object], refusal: type[Exception]
) -> None:
    twins = Twins()
    with pytest.raises(refusal):
        send(twins, Update(CHANNEL, value, 1, NOW))
    assert not twins.store.states
