"""What every log store does. The twin and DynamoDB pass the same tests."""

import asyncio
from dataclasses import replace

import pytest

from handlers.realtime.every.log_store import DynamoLog
from handlers.realtime.model import LogMessage, Position, Update
from handlers.realtime.ports import Appended, Duplicate, LogPage, LogStore, Moved
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.log import MemoryLog

CHANNEL = "order:1"
EPOCH = 1_763_787_600_123
EXPIRES_AT = 1_763_790_000
START = Position(EPOCH, 0)
EVENT = Update(CHANNEL, {"né": [1.5, None, {"x": "y"}]}, 0, at=1_763_787_600_000, id="charged!#1")


@pytest.fixture(params=["memory", "dynamodb"])
def log(request: pytest.FixtureRequest) -> LogStore:
    if request.param == "memory":
        return MemoryLog()
    return DynamoLog(request.getfixturevalue("dynamodb"), TABLE)


def event(number: int) -> Update:
    return replace(EVENT, id=f"id{number}")


def message(number: int) -> LogMessage:
    return LogMessage(number, f"id{number}", EVENT.value, EVENT.at, EXPIRES_AT)


async def fill(log: LogStore, last: int) -> None:
    for number in range(1, last + 1):
        appended = await log.append(Position(EPOCH, number - 1), event(number), EXPIRES_AT)
        assert appended == Appended(Position(EPOCH, number))


def test_a_channel_without_a_message_has_nothing(log: LogStore) -> None:
    async def run() -> None:
        assert await log.read_end(CHANNEL) is None
        assert await log.read_message(CHANNEL, 1) is None
        assert await log.read_messages(CHANNEL, 0, 9) == LogPage((), None)

    asyncio.run(run())


def test_a_message_is_read_as_it_was_appended(log: LogStore) -> None:
    async def run() -> None:
        assert await log.append(START, EVENT, EXPIRES_AT) == Appended(Position(EPOCH, 1))
        assert await log.read_end(CHANNEL) == Position(EPOCH, 1)
        read = LogMessage(1, EVENT.id, EVENT.value, EVENT.at, EXPIRES_AT)
        assert await log.read_message(CHANNEL, 1) == read

    asyncio.run(run())


def test_numbers_follow_one_another_and_channels_do_not_mix(log: LogStore) -> None:
    async def run() -> None:
        await fill(log, 3)
        other = replace(event(1), channel="order:12")
        assert await log.append(Position(7, 0), other, EXPIRES_AT) == Appended(Position(7, 1))
        assert await log.read_end(CHANNEL) == Position(EPOCH, 3)
        assert await log.read_end("order:12") == Position(7, 1)
        assert (await log.read_messages("order:12", 0, 9)).messages == (message(1),)

    asyncio.run(run())


def test_an_id_is_known_with_its_first_number_whatever_the_sequence(log: LogStore) -> None:
    async def run() -> None:
        await fill(log, 3)
        for sequence in (START, Position(EPOCH, 1), Position(EPOCH, 3), Position(EPOCH + 1, 3)):
            assert await log.append(sequence, event(2), EXPIRES_AT + 1) == Duplicate(
                Position(EPOCH, 2)
            )
        assert await log.read_end(CHANNEL) == Position(EPOCH, 3)
        assert await log.read_message(CHANNEL, 2) == message(2)
        assert await log.read_message(CHANNEL, 4) is None

    asyncio.run(run())


@pytest.mark.parametrize(
    "sequence", [START, Position(EPOCH, 1), Position(EPOCH, 3), Position(EPOCH + 1, 2)]
)
def test_only_the_next_number_is_given(log: LogStore, sequence: Position) -> None:
    async def run() -> None:
        await fill(log, 2)
        assert await log.append(sequence, event(9), EXPIRES_AT) == Moved()
        assert await log.read_end(CHANNEL) == Position(EPOCH, 2)
        assert await log.read_messages(CHANNEL, 2, 9) == LogPage((), None)
        assert await log.append(Position(EPOCH, 2), event(9), EXPIRES_AT) == Appended(
            Position(EPOCH, 3)
        )

    asyncio.run(run())


def test_a_channel_that_is_gone_does_not_go_on(log: LogStore) -> None:
    appended = asyncio.run(log.append(Position(EPOCH, 2), EVENT, EXPIRES_AT))
    assert appended == Moved()


@pytest.mark.parametrize(
    ("after", "until", "numbers"),
    [(0, 12, range(1, 13)), (8, 11, [9, 10, 11]), (12, 12, []), (11, 99, [12]), (5, 3, [])],
)
def test_messages_are_read_in_the_order_of_their_numbers(
    log: LogStore, after: int, until: int, numbers: list[int]
) -> None:
    async def run() -> LogPage:
        await fill(log, 12)
        return await log.read_messages(CHANNEL, after, until)

    assert asyncio.run(run()) == LogPage(tuple(message(number) for number in numbers), None)


def test_of_two_that_append_at_once_one_gets_the_number(log: LogStore) -> None:
    async def run() -> list[object]:
        return [
            await log.append(START, event(1), EXPIRES_AT),
            await log.append(replace(START, epoch=EPOCH + 1), event(2), EXPIRES_AT),
        ]

    assert asyncio.run(run()) == [Appended(Position(EPOCH, 1)), Moved()]
