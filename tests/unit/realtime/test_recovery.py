import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime import protocol
from handlers.realtime.every.mode import Every
from handlers.realtime.every.recovery import REPLY_BYTES, Recovery, recover
from handlers.realtime.model import LogMessage, Position, State
from tests.fakes.delivery import Fakes
from tests.fakes.log import MemoryLog
from tests.fakes.protocol import valid

CHANNEL = "order:1"
EPOCH = 5
NOW_SECONDS = 1_000
NOW = NOW_SECONDS * 1000
UP_TO_DATE = Recovery(Position(EPOCH, 6), recovered=True)
REQUEST = protocol.Subscribe(CHANNEL)


def message(number: int, *, expires_at: int = NOW_SECONDS + 1, value: Any = None) -> LogMessage:
    return LogMessage(number, f"id{number}", value or {"n": number}, 7, expires_at)


def log_of(*messages: LogMessage, last: int | None = None, page_size: int = 100) -> MemoryLog:
    log = MemoryLog(page_size)
    number = max((m.number for m in messages), default=0) if last is None else last
    log.of(CHANNEL).end = Position(EPOCH, number)
    log.of(CHANNEL).messages |= {m.number: m for m in messages}
    return log


def recovered(log: MemoryLog, since: Position | None, **limits: int) -> Recovery:
    return asyncio.run(recover(log, CHANNEL, since, now_ms=NOW, **limits))


def snapshot(log: MemoryLog, since: Position, request: protocol.Subscribe = REQUEST) -> str:
    engine = Fakes(log=log, now=NOW).engine
    request = replace(request, since=since)
    reply = asyncio.run(Every().snapshot(engine, request, NOW))
    valid("control", reply)
    return reply


def numbers(recovery: Recovery) -> list[int]:
    return [message.number for message in recovery.messages]


def test_what_was_missed_comes_in_order_and_nothing_else() -> None:
    recovery = recovered(log_of(*map(message, range(1, 7))), Position(EPOCH, 4))
    assert recovery == Recovery(Position(EPOCH, 6), recovered=True, messages=recovery.messages)
    assert numbers(recovery) == [5, 6]


def test_a_client_that_is_up_to_date_has_missed_nothing() -> None:
    recovery = recovered(log_of(last=6), Position(EPOCH, 6))
    assert recovery == UP_TO_DATE


def test_without_since_a_client_starts_from_now() -> None:
    assert recovered(log_of(message(1)), None) == Recovery(Position(EPOCH, 1))


@pytest.mark.parametrize(
    "since", [Position(EPOCH - 1, 1), Position(EPOCH + 1, 1), Position(EPOCH, 4)]
)
def test_a_position_of_another_numbering_is_not_recovered(since: Position) -> None:
    log = log_of(*map(message, range(1, 4)))
    assert recovered(log, since) == Recovery(Position(EPOCH, 3))


@pytest.mark.parametrize("missing", [3, 4, 5])
def test_a_message_that_was_deleted_leaves_no_partial_recovery(missing: int) -> None:
    log = log_of(*(message(n) for n in range(1, 6) if n != missing), last=5)
    assert recovered(log, Position(EPOCH, 2)) == Recovery(Position(EPOCH, 5))


@pytest.mark.parametrize("expired", [3, 4, 5])
def test_a_message_that_has_expired_counts_as_deleted(expired: int) -> None:
    log = log_of(*map(message, range(1, 6)))
    log.of(CHANNEL).messages[expired] = message(expired, expires_at=NOW_SECONDS)
    assert recovered(log, Position(EPOCH, 2)) == Recovery(Position(EPOCH, 5))


def test_a_channel_without_a_message_has_no_position() -> None:
    assert recovered(MemoryLog(), None) == Recovery(None)
    assert recovered(MemoryLog(), Position(EPOCH, 0)) == Recovery(None, recovered=True)
    assert recovered(MemoryLog(), Position(EPOCH, 1)) == Recovery(None)


@pytest.mark.parametrize("epoch", [0, EPOCH])
def test_version_0_asks_for_the_whole_window_whatever_the_epoch(epoch: int) -> None:
    log = log_of(*map(message, range(4, 7)))
    log.of(CHANNEL).messages[3] = message(3, expires_at=NOW_SECONDS)
    recovery = recovered(log, Position(epoch, 0))
    assert (numbers(recovery), recovery.recovered, recovery.more) == ([4, 5, 6], True, False)


def test_the_window_begins_after_its_last_gap() -> None:
    log = log_of(*(message(n) for n in (2, 3, 5, 6)))
    assert numbers(recovered(log, Position(EPOCH, 0))) == [5, 6]


def test_an_empty_window_is_recovered_up_to_the_last_message() -> None:
    assert recovered(log_of(last=6), Position(EPOCH, 0)) == UP_TO_DATE


def test_more_than_a_reply_holds_is_recovered_reply_by_reply() -> None:
    log = log_of(*(message(n, value={"x": "e" * 6_000}) for n in range(1, 12)), page_size=3)
    shown: list[int] = []
    more = True
    while more:
        recovery = recovered(log, Position(EPOCH, len(shown)))
        assert recovery.recovered
        assert len(snapshot(log, Position(EPOCH, len(shown))).encode()) < REPLY_BYTES + 200
        shown += numbers(recovery)
        more = recovery.more
    assert shown == list(range(1, 12))


def test_the_largest_message_there_can_be_comes_alone_in_a_reply_that_fits_a_frame() -> None:
    channel, longest = "a" * 200, protocol.LARGEST_INTEGER
    request = protocol.Subscribe(channel, id="\U0001f600" * protocol.ID_LIMIT)
    padding = protocol.FRAME_LIMIT_BYTES - len(frame(channel, {"x": ""}))
    value = {"x": "e" * padding}
    assert len(frame(channel, value)) == protocol.FRAME_LIMIT_BYTES
    log = MemoryLog()
    log.of(channel).end = Position(longest, longest)
    log.of(channel).messages = {
        n: LogMessage(n, "id", value, longest, longest) for n in (longest - 1, longest)
    }
    recovery = asyncio.run(recover(log, channel, Position(longest, longest - 2), now_ms=NOW))
    assert (numbers(recovery), recovery.more) == ([longest - 1], True)
    assert len(snapshot(log, Position(longest, longest - 2), request).encode()) <= 32 * 1024


def frame(channel: str, value: dict[str, Any]) -> bytes:
    longest = protocol.LARGEST_INTEGER
    return protocol.push(State(channel, longest, longest, value, longest))


@given(
    st.lists(st.sampled_from(["kept", "expired", "deleted"]), max_size=8),
    st.integers(0, 9),
    st.integers(1, 4),
    st.integers(1, 200),
)
def test_a_recovery_is_complete_or_empty(
    fates: list[str], version: int, page_size: int, limit_bytes: int
) -> None:
    log = log_of(last=len(fates), page_size=page_size)
    for number, fate in enumerate(fates, start=1):
        if fate != "deleted":
            expires_at = NOW_SECONDS + (fate == "kept")
            log.of(CHANNEL).messages[number] = message(number, expires_at=expires_at)
    shown: list[int] = []
    recovery = recovered(log, Position(EPOCH, version), limit_bytes=limit_bytes)
    while recovery.recovered and recovery.more:
        shown += numbers(recovery)
        recovery = recovered(log, Position(EPOCH, shown[-1]), limit_bytes=limit_bytes)
    shown += numbers(recovery)
    last = len(fates)
    kept = {number for number, fate in enumerate(fates, start=1) if fate == "kept"}
    assert set(shown) <= kept
    if version:
        complete = version <= last and kept.issuperset(range(version + 1, last + 1))
        assert recovery.recovered == complete
        assert shown == list(range(version + 1, version + 1 + len(shown)))
    if recovery.recovered and shown:
        assert shown == list(range(shown[0], last + 1))
