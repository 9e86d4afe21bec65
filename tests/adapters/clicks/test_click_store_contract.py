"""Twin and adapter keep the same promises: what is proved on the one holds for the other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

import pytest

from handlers.clicks.ports import (
    AlreadyCounted,
    ClickStore,
    Counted,
    DayMoved,
    LinkGone,
    Outcome,
)
from handlers.clicks.store import DynamoClickStore
from handlers.shortener.click import Click, from_body
from handlers.shortener.link import Link
from handlers.shortener.store import LinkStore
from handlers.shortener.tally import Tally
from tests.adapters.clicks.conftest import Cloud
from tests.doubles.clicks import EPOCH, MemoryClicks, MemoryLink, run
from tests.doubles.links import LINKS_TABLE

CODE = "first"
MIDNIGHT = 1_763_769_600_000
TODAY, YESTERDAY = date(2025, 11, 22), date(2025, 11, 21)
NEW = Tally(clicks=0, epoch=EPOCH, day=TODAY)


class World(Protocol):
    @property
    def store(self) -> ClickStore: ...

    def make(self, code: str, day: date | None = None) -> None: ...

    def delete(self, code: str) -> None: ...

    def days(self, code: str) -> dict[date, int]: ...

    def parked(self) -> Sequence[Click]: ...


class Twin:
    def __init__(self) -> None:
        self.store = MemoryClicks()

    def make(self, code: str, day: date | None = None) -> None:
        self.store.links[code] = MemoryLink(day=day)

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

    def make(self, code: str, day: date | None = None) -> None:
        target = "https://example.com/"
        link = Link(code=code, target=target, owner="ada", day=day, created_at=EPOCH)
        assert self.links.create(link)

    def delete(self, code: str) -> None:
        assert self.links.delete(code, owner="ada")

    def days(self, code: str) -> dict[date, int]:
        found = self.links.with_days(code)
        assert found is not None
        return {day.date: day.clicks for day in found[1]}

    def parked(self) -> Sequence[Click]:
        messages = self.cloud.sqs.receive_message(
            QueueUrl=self.cloud.parking_queue_url, MaxNumberOfMessages=10
        )
        return [from_body(message.get("Body", "")) for message in messages.get("Messages", [])]


@pytest.fixture(params=["twin", "dynamo"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = Twin() if request.param == "twin" else Dynamo(request.getfixturevalue("cloud"))
    made.make(CODE, TODAY)
    return made


def click(number: int, *, at: int = MIDNIGHT) -> Click:
    return Click(click_id=f"0b3f1a52-7d1c-4d6e-9a63-{number:012}", code=CODE, at=at)


def ids(*clicks: Click) -> AlreadyCounted:
    return AlreadyCounted(frozenset(click.click_id for click in clicks))


def count(world: World, *clicks: Click, code: str = CODE) -> Outcome:
    """The link's day is assumed to be the newest click's."""
    return run(world.store.count(code, clicks, None))


def count_on(world: World, expected: Tally, *clicks: Click) -> Outcome:
    return run(world.store.count(CODE, clicks, expected))


def total(world: World, code: str = CODE) -> int | None:
    tally = run(world.store.read(code))
    return tally and tally.clicks


EVE = click(10, at=MIDNIGHT - 1)
"""A click of the day before."""


def test_clicks_count_for_the_link_and_each_for_its_own_day(world: World) -> None:
    assert count(world, EVE, click(2), click(3, at=MIDNIGHT + 1), click(4)) == Counted()
    assert run(world.store.read(CODE)) == Tally(clicks=4, epoch=EPOCH, day=TODAY, day_clicks=3)
    assert world.days(CODE) == {YESTERDAY: 1, TODAY: 3}


def test_counts_add_up(world: World) -> None:
    assert count(world, click(1)) == Counted()
    assert count(world, click(2), click(3, at=MIDNIGHT + 5000)) == Counted()
    assert total(world) == 3


def test_clicks_of_the_links_day_are_kept_with_the_link(world: World) -> None:
    assert count_on(world, NEW, click(1), click(2)) == Counted()
    after = NEW.plus({TODAY: 2})
    assert run(world.store.read(CODE)) == after
    assert count_on(world, after, click(3)) == Counted()
    assert run(world.store.read(CODE)) == Tally(clicks=3, epoch=EPOCH, day=TODAY, day_clicks=3)
    assert world.days(CODE) == {TODAY: 3}


def test_a_late_click_goes_to_its_own_days_row(world: World) -> None:
    assert count_on(world, NEW, EVE, click(1)) == Counted()
    assert run(world.store.read(CODE)) == Tally(clicks=2, epoch=EPOCH, day=TODAY, day_clicks=1)
    assert world.days(CODE) == {YESTERDAY: 1, TODAY: 1}


def test_the_first_click_of_a_newer_day_takes_the_links_day_over(world: World) -> None:
    world.make("other", YESTERDAY)
    before = Tally(clicks=0, epoch=EPOCH, day=YESTERDAY)
    eve = [EVE, click(11, at=MIDNIGHT - 2)]
    assert run(world.store.count("other", eve, before)) == Counted()
    before = before.plus({YESTERDAY: 2})
    mixed = [click(1), click(2), click(12, at=MIDNIGHT - 3)]
    assert run(world.store.count("other", mixed, before)) == Counted()
    after = Tally(clicks=5, epoch=EPOCH, day=TODAY, day_clicks=2)
    assert run(world.store.read("other")) == after
    assert world.days("other") == {YESTERDAY: 3, TODAY: 2}


def test_a_link_without_a_day_gets_that_of_its_first_click(world: World) -> None:
    world.make("older")
    before = Tally(clicks=0, epoch=EPOCH)
    assert count(world, click(1), code="older") == DayMoved(before)
    assert run(world.store.count("older", [click(1), EVE], before)) == Counted()
    after = Tally(clicks=2, epoch=EPOCH, day=TODAY, day_clicks=1)
    assert run(world.store.read("older")) == after
    assert world.days("older") == {YESTERDAY: 1, TODAY: 1}


PRESENT = Tally(clicks=2, epoch=EPOCH, day=TODAY, day_clicks=2)


def with_two_clicks(world: World) -> None:
    assert count_on(world, NEW, click(1), click(2)) == Counted()


def test_clicks_of_the_links_day_count_whatever_the_link_holds_of_it(world: World) -> None:
    with_two_clicks(world)
    assert count_on(world, replace(PRESENT, clicks=7, day_clicks=7), click(3)) == Counted()
    assert run(world.store.read(CODE)) == PRESENT.plus({TODAY: 1})


@pytest.mark.parametrize("day", [None, YESTERDAY])
def test_a_day_that_is_not_the_links_takes_no_click(world: World, day: date | None) -> None:
    with_two_clicks(world)
    for clicks in ([click(3)], [click(3), EVE], [EVE]):
        expected = replace(PRESENT, day=day)
        assert count_on(world, expected, *clicks) == DayMoved(PRESENT)
    assert world.days(CODE) == {TODAY: 2}


def test_a_day_is_over_only_with_all_of_its_clicks(world: World) -> None:
    with_two_clicks(world)
    tomorrow = click(3, at=MIDNIGHT + 86_400_000)
    for day_clicks in (0, 1, 3):
        expected = replace(PRESENT, day_clicks=day_clicks)
        assert count_on(world, expected, tomorrow) == DayMoved(PRESENT)
    assert count_on(world, replace(PRESENT, clicks=7), tomorrow) == Counted()
    assert world.days(CODE) == {TODAY: 2, tomorrow.day: 1}


def test_late_clicks_alone_are_refused_until_the_links_day_is_known(world: World) -> None:
    with_two_clicks(world)
    assert count(world, EVE) == DayMoved(PRESENT)
    assert count_on(world, PRESENT, EVE) == Counted()
    assert run(world.store.read(CODE)) == replace(PRESENT, clicks=3)
    assert world.days(CODE) == {YESTERDAY: 1, TODAY: 2}


def test_one_click_counted_before_keeps_the_whole_batch_from_counting(world: World) -> None:
    count(world, click(1))
    batch = [click(1), click(2), click(3, at=MIDNIGHT + 86_400_000)]
    assert count(world, *batch) == ids(click(1))
    assert total(world) == 1
    assert world.days(CODE) == {TODAY: 1}


def test_that_a_click_is_known_comes_before_that_the_day_is_another(world: World) -> None:
    with_two_clicks(world)
    assert count_on(world, replace(PRESENT, day=YESTERDAY), click(1), click(3)) == ids(
        click(1), click(2)
    )


def test_all_clicks_counted_before_are_named_in_every_second(world: World) -> None:
    first, second = click(1), click(2, at=MIDNIGHT + 1000)
    count(world, first, second)
    assert count(world, second, click(3), first) == ids(first, second)


def test_what_was_remembered_in_a_second_that_is_not_repeated_is_not_named(world: World) -> None:
    first, second = click(1), click(2, at=MIDNIGHT + 1000)
    count(world, first, second)
    assert count(world, click(3), second) == ids(second)


def test_a_deleted_link_counts_nothing_and_has_no_figures(world: World) -> None:
    with_two_clicks(world)
    world.delete(CODE)
    assert count(world, click(3)) == LinkGone()
    assert count_on(world, PRESENT, click(3)) == LinkGone()
    assert run(world.store.read(CODE)) is None
    assert world.days(CODE) == {TODAY: 2}


def test_that_the_link_is_gone_comes_before_that_a_click_is_known(world: World) -> None:
    count(world, click(1))
    world.delete(CODE)
    assert count(world, click(1)) == LinkGone()


def test_a_link_that_never_was_is_gone(world: World) -> None:
    assert count(world, click(1), code="nowhere") == LinkGone()
    assert run(world.store.count("nowhere", [click(1)], NEW)) == LinkGone()
    assert run(world.store.read("nowhere")) is None


def test_links_do_not_share_what_they_remember(world: World) -> None:
    world.make("other", TODAY)
    count(world, click(1))
    assert count(world, click(1), code="other") == Counted()


def test_a_parked_click_is_kept_as_it_was(world: World) -> None:
    run(world.store.park(click(1)))
    assert list(world.parked()) == [click(1)]
