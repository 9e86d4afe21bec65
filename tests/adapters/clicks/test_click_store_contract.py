"""Twin and adapter keep the same promises: what is proved on the one holds for the other."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import pytest

from handlers.clicks.counting import AlreadyCounted, ClickStore, Counted, LinkGone, Total
from handlers.clicks.store import DynamoClickStore
from handlers.shortener.click import Click, from_body
from handlers.shortener.link import Link
from handlers.shortener.store import LinkStore
from tests.adapters.clicks.conftest import Cloud
from tests.doubles.clicks import EPOCH, MemoryClicks, MemoryLink, run
from tests.doubles.links import LINKS_TABLE

CODE = "first"
MIDNIGHT = 1_763_769_600_000


class World(Protocol):
    @property
    def store(self) -> ClickStore: ...

    def make(self, code: str) -> None: ...

    def delete(self, code: str) -> None: ...

    def days(self, code: str) -> dict[date, int]: ...

    def parked(self) -> Sequence[Click]: ...


class Twin:
    def __init__(self) -> None:
        self.store = MemoryClicks()

    def make(self, code: str) -> None:
        self.store.links[code] = MemoryLink()

    def delete(self, code: str) -> None:
        self.store.delete(code)

    def days(self, code: str) -> dict[date, int]:
        return {day: clicks for (of, day), clicks in self.store.days.items() if of == code}

    def parked(self) -> Sequence[Click]:
        return self.store.parked


class Dynamo:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.store: DynamoClickStore = cloud.store()
        self.links = LinkStore(cloud.dynamodb, LINKS_TABLE)

    def make(self, code: str) -> None:
        link = Link(code=code, target="https://example.com/", owner="ada", created_at=EPOCH)
        assert self.links.create(link)

    def delete(self, code: str) -> None:
        assert self.links.delete(code, owner="ada")

    def days(self, code: str) -> dict[date, int]:
        found = self.links.with_days(code)
        assert found is not None
        return {date.fromisoformat(day.date): day.clicks for day in found[1]}

    def parked(self) -> Sequence[Click]:
        messages = self.cloud.sqs.receive_message(
            QueueUrl=self.cloud.parking_queue_url, MaxNumberOfMessages=10
        )
        return [from_body(message.get("Body", "")) for message in messages.get("Messages", [])]


@pytest.fixture(params=["twin", "dynamo"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = Twin() if request.param == "twin" else Dynamo(request.getfixturevalue("cloud"))
    made.make(CODE)
    return made


def click(number: int, *, at: int = MIDNIGHT) -> Click:
    return Click(click_id=f"0b3f1a52-7d1c-4d6e-9a63-{number:012}", code=CODE, at=at)


def ids(*clicks: Click) -> AlreadyCounted:
    return AlreadyCounted(frozenset(click.click_id for click in clicks))


def test_clicks_count_for_the_link_and_each_for_its_own_day(world: World) -> None:
    clicks = [click(1, at=MIDNIGHT - 1), click(2), click(3, at=MIDNIGHT + 1), click(4)]
    assert run(world.store.count(CODE, clicks)) == Counted()
    assert run(world.store.total(CODE)) == Total(clicks=4, epoch=EPOCH)
    assert world.days(CODE) == {date(2025, 11, 21): 1, date(2025, 11, 22): 3}


def test_counts_add_up(world: World) -> None:
    assert run(world.store.count(CODE, [click(1)])) == Counted()
    assert run(world.store.count(CODE, [click(2), click(3, at=MIDNIGHT + 5000)])) == Counted()
    assert run(world.store.total(CODE)) == Total(clicks=3, epoch=EPOCH)


def test_one_click_counted_before_keeps_the_whole_batch_from_counting(world: World) -> None:
    run(world.store.count(CODE, [click(1)]))
    batch = [click(1), click(2), click(3, at=MIDNIGHT + 86_400_000)]
    assert run(world.store.count(CODE, batch)) == ids(click(1))
    assert run(world.store.total(CODE)) == Total(clicks=1, epoch=EPOCH)
    assert world.days(CODE) == {date(2025, 11, 22): 1}


def test_all_clicks_counted_before_are_named_in_every_second(world: World) -> None:
    first, second = click(1), click(2, at=MIDNIGHT + 1000)
    run(world.store.count(CODE, [first, second]))
    assert run(world.store.count(CODE, [second, click(3), first])) == ids(first, second)


def test_what_was_remembered_in_a_second_that_is_not_repeated_is_not_named(world: World) -> None:
    first, second = click(1), click(2, at=MIDNIGHT + 1000)
    run(world.store.count(CODE, [first, second]))
    assert run(world.store.count(CODE, [click(3), second])) == ids(second)


def test_a_deleted_link_counts_nothing_and_has_no_total(world: World) -> None:
    run(world.store.count(CODE, [click(1)]))
    world.delete(CODE)
    assert run(world.store.count(CODE, [click(2)])) == LinkGone()
    assert run(world.store.total(CODE)) is None
    assert world.days(CODE) == {date(2025, 11, 22): 1}


def test_that_the_link_is_gone_comes_before_that_a_click_is_known(world: World) -> None:
    run(world.store.count(CODE, [click(1)]))
    world.delete(CODE)
    assert run(world.store.count(CODE, [click(1)])) == LinkGone()


def test_a_link_that_never_was_is_gone(world: World) -> None:
    assert run(world.store.count("nowhere", [click(1)])) == LinkGone()
    assert run(world.store.total("nowhere")) is None


def test_links_do_not_share_what_they_remember(world: World) -> None:
    world.make("other")
    run(world.store.count(CODE, [click(1)]))
    assert run(world.store.count("other", [click(1)])) == Counted()


def test_a_parked_click_is_kept_as_it_was(world: World) -> None:
    run(world.store.park(click(1)))
    assert list(world.parked()) == [click(1)]
