import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime import protocol
from handlers.realtime.latest.mode import Latest
from handlers.realtime.model import Outcome, Position, Published, Rejected, State, Trail, Update
from tests.fakes.delivery import NOW, Fakes, watcher
from tests.fakes.protocol import valid
from tests.fakes.realtime import Cooldown

EPOCH = 1_763_787_000_000
CHANNEL = "link:a"
INTERVAL_MS = 200


@pytest.fixture
def fakes() -> Fakes:
    fakes = Fakes()
    watcher(fakes.store, "c", CHANNEL)
    return fakes


def clicks(number: int, epoch: int = EPOCH, channel: str = CHANNEL) -> Update:
    return Update(channel, {"clicks": number}, number, NOW, epoch)


def send(fakes: Fakes, update: Update, *tokens: str) -> Published:
    mode = fakes.engine.mode(update.channel)
    return asyncio.run(mode.publish(fakes.engine, update, tokens or ("m1",)))


def trail(fakes: Fakes, task: Trail) -> Published:
    return asyncio.run(Latest(INTERVAL_MS).trail(fakes.engine, task))


def shown(fakes: Fakes) -> list[int]:
    return [frame["clicks"] for frame in fakes.posts.frames.get("c", [])]


def test_on_a_quiet_channel_a_value_is_pushed_at_once_and_costs_no_message(fakes: Fakes) -> None:
    assert send(fakes, clicks(4)) == Published(subscribers=1, outcomes={Outcome.DELIVERED: 1})
    frame = {
        "clicks": 4,
        "realtime": {"channel": CHANNEL, "epoch": EPOCH, "version": 4, "at": NOW},
    }
    assert fakes.posts.frames == {"c": [frame]}
    assert fakes.queue.sent == []


def test_within_the_interval_a_value_is_written_and_left_to_one_flush(fakes: Fakes) -> None:
    send(fakes, clicks(4), "m1")
    fakes.now += 50
    assert send(fakes, clicks(5), "m2", "m3") == Published(conflated=True)
    assert send(fakes, clicks(6), "m4") == Published(conflated=True)
    assert shown(fakes) == [4]
    assert fakes.queue.sent == [(Trail(CHANNEL, "m2", NOW + INTERVAL_MS), 0)]
    assert fakes.store.states[CHANNEL].version == 6


def test_a_trailing_push_waits_for_its_time_then_pushes_the_newest_value(fakes: Fakes) -> None:
    send(fakes, clicks(4))
    send(fakes, clicks(5), "m2")
    send(fakes, clicks(6), "m3")
    [task] = fakes.queue.tasks
    assert isinstance(task, Trail)
    assert trail(fakes, task).outcomes == {Outcome.DELIVERED: 1}
    assert fakes.now == NOW + INTERVAL_MS
    assert shown(fakes) == [4, 6]
    assert fakes.store.cooldowns[CHANNEL] == Cooldown(
        NOW + 2 * INTERVAL_MS, NOW + INTERVAL_MS, trailed="m2"
    )


def test_after_the_interval_the_next_value_is_pushed_at_once(fakes: Fakes) -> None:
    send(fakes, clicks(4))
    fakes.now += INTERVAL_MS
    assert send(fakes, clicks(5)).outcomes == {Outcome.DELIVERED: 1}
    assert fakes.queue.sent == []


def test_a_channel_without_an_interval_pushes_every_value(fakes: Fakes) -> None:
    watcher(fakes.store, "c", "raw:a")
    for number in (1, 2, 3):
        assert send(fakes, clicks(number, channel="raw:a")).outcomes == {Outcome.DELIVERED: 1}
    assert fakes.queue.sent == []


def test_a_trailing_push_is_delayed_by_the_whole_seconds_of_the_interval(
    fakes: Fakes,
) -> None:
    send(fakes, clicks(4))
    for interval_ms in (2_900, 10_000_000):
        asyncio.run(fakes.store.set_interval(CHANNEL, interval_ms))
        fakes.store.cooldowns[CHANNEL] = replace(fakes.store.cooldowns[CHANNEL], trailing=None)
        send(fakes, clicks(5), "m2")
    assert [delay for _, delay in fakes.queue.sent] == [2, 900]


def test_a_cooldown_that_a_fast_clock_wrote_is_not_waited_for(fakes: Fakes) -> None:
    fakes.now += 600_000
    send(fakes, clicks(4))
    fakes.now -= 600_000
    assert send(fakes, clicks(5)).outcomes == {Outcome.DELIVERED: 1}
    assert shown(fakes) == [4, 5]


def test_a_trailing_push_waits_no_longer_than_the_interval_for_a_fast_clock(
    fakes: Fakes,
) -> None:
    fakes.now += 600_000
    send(fakes, clicks(4))
    fakes.now -= 600_000
    asyncio.run(fakes.store.defer(clicks(6), "m3"))
    assert send(fakes, clicks(5), "m3").stale
    assert fakes.queue.sent == [(Trail(CHANNEL, "m3", NOW + INTERVAL_MS), 0)]


def test_a_redelivered_message_that_owns_the_trailing_push_sends_it_again(fakes: Fakes) -> None:
    send(fakes, clicks(4), "m1")
    send(fakes, clicks(5), "m2")
    send(fakes, clicks(5), "m9", "m2")
    assert fakes.queue.tasks == [Trail(CHANNEL, "m2", NOW + INTERVAL_MS)] * 2


def test_a_redelivered_message_that_owns_the_trailing_push_sends_it_also_when_stale(
    fakes: Fakes,
) -> None:
    send(fakes, clicks(4), "m1")
    send(fakes, clicks(5), "m2")
    send(fakes, clicks(6), "m3")
    assert send(fakes, clicks(5), "m2") == Published(stale=True)
    assert fakes.queue.tasks == [Trail(CHANNEL, "m2", NOW + INTERVAL_MS)] * 2


def test_a_trailing_push_that_a_leading_push_has_overtaken_pushes_nothing(
    fakes: Fakes,
) -> None:
    send(fakes, clicks(4))
    send(fakes, clicks(5), "m2")
    fakes.now += 2 * INTERVAL_MS
    assert send(fakes, clicks(6), "m3").outcomes == {Outcome.DELIVERED: 1}
    [task] = fakes.queue.tasks
    assert isinstance(task, Trail)
    assert trail(fakes, task) == Published()
    assert shown(fakes) == [4, 6]


def test_a_trailing_push_that_comes_again_pushes_again_for_it_may_have_died(fakes: Fakes) -> None:
    send(fakes, clicks(4))
    send(fakes, clicks(5), "m2")
    [task] = fakes.queue.tasks
    assert isinstance(task, Trail)
    trail(fakes, task)
    trail(fakes, task)
    assert shown(fakes) == [4, 5, 5]


def test_a_trailing_push_that_never_comes_is_made_good_by_a_leading_push(fakes: Fakes) -> None:
    for number in (4, 5, 6):
        send(fakes, clicks(number), f"m{number}")
        fakes.now += INTERVAL_MS - 10
    assert shown(fakes) == [4, 6]


def test_a_trailing_push_of_a_state_that_is_gone_does_nothing() -> None:
    fakes = Fakes()
    assert trail(fakes, Trail(CHANNEL, "m1")) == Published()


def test_a_channel_without_subscribers_still_gets_its_state() -> None:
    fakes = Fakes()
    assert send(fakes, clicks(4)) == Published()
    assert fakes.store.states[CHANNEL] == State(CHANNEL, EPOCH, 4, {"clicks": 4}, NOW)


@pytest.mark.parametrize("older", [clicks(3), clicks(9, EPOCH - 1)])
def test_a_stale_version_changes_nothing_and_posts_nothing(fakes: Fakes, older: Update) -> None:
    send(fakes, clicks(4))
    before = dict(fakes.store.states)
    assert send(fakes, older) == Published(stale=True)
    assert fakes.store.states == before
    assert shown(fakes) == [4]
    assert fakes.queue.sent == []


def test_an_equal_version_is_pushed_again(fakes: Fakes) -> None:
    send(fakes, clicks(4))
    fakes.now += INTERVAL_MS
    assert send(fakes, clicks(4)).outcomes == {Outcome.DELIVERED: 1}


def test_a_new_epoch_starts_afresh_however_small_its_version(fakes: Fakes) -> None:
    send(fakes, clicks(400))
    assert not send(fakes, clicks(1, EPOCH + 1)).stale
    assert fakes.store.states[CHANNEL].version == 1


def test_an_update_without_an_epoch_is_rejected_where_the_value_has_one(fakes: Fakes) -> None:
    send(fakes, clicks(4))
    with pytest.raises(Rejected, match=f"must give an epoch.*{EPOCH}"):
        send(fakes, clicks(5, 0))
    assert shown(fakes) == [4]


def test_a_rejected_update_sends_the_trailing_push_that_it_owns(fakes: Fakes) -> None:
    send(fakes, clicks(4, 0), "m1")
    send(fakes, clicks(5, 0), "m2")
    send(fakes, clicks(1), "m3")
    with pytest.raises(Rejected):
        send(fakes, clicks(5, 0), "m2")
    assert fakes.queue.tasks == [Trail(CHANNEL, "m2", NOW + INTERVAL_MS)] * 2


numbers = st.integers(0, protocol.LARGEST_INTEGER)


def snapshot(fakes: Fakes, since: Position | None) -> dict[str, Any]:
    request = protocol.Subscribe(CHANNEL, since, "7")
    engine = fakes.engine
    reply = asyncio.run(engine.mode(CHANNEL).snapshot(engine, request, NOW))
    return valid("control", reply)["realtime"]


@given(numbers, numbers, numbers, numbers)
def test_a_snapshot_has_the_value_unless_the_client_has_it(
    epoch: int, version: int, since_epoch: int, since_version: int
) -> None:
    fakes = Fakes()
    fakes.store.states[CHANNEL] = State(CHANNEL, epoch, version, {"clicks": 4}, NOW)
    reply = snapshot(fakes, Position(since_epoch, since_version))
    newer = (epoch, version) > (since_epoch, since_version)
    assert ("value" in reply) == newer
    assert reply["recovered"] == (epoch == since_epoch)


def test_the_first_snapshot_is_not_a_recovery() -> None:
    fakes = Fakes()
    fakes.store.states[CHANNEL] = State(CHANNEL, 5, 3, {"clicks": 3}, NOW)
    assert snapshot(fakes, None) == {
        "event": "subscribed",
        "id": "7",
        "channel": CHANNEL,
        "epoch": 5,
        "version": 3,
        "at": NOW,
        "recovered": False,
        "value": {"clicks": 3},
    }


def test_a_channel_without_a_state_has_no_position() -> None:
    expected = {"event": "subscribed", "id": "7", "channel": CHANNEL, "recovered": False}
    assert snapshot(Fakes(), Position(1, 1)) == expected
