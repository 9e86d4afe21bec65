"""The fake and the adapter keep one contract, so that a proof on the one holds for the other."""

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Protocol

import pytest

from handlers.clicks.counting import Busy, ClickStore, Counted, Rejected, Written
from handlers.clicks.store import DynamoClickStore
from handlers.shortener.click import Click, from_body
from handlers.shortener.link import Counters, Link
from handlers.shortener.store import LinkStore
from tests.adapters.clicks.conftest import Cloud
from tests.fakes.clicks import DAY, EPOCH, MemoryClicks, click, run
from tests.fakes.links import LINKS_TABLE

CODE = "first"
MIDNIGHT = 1_763_769_600_000
YESTERDAY, TOMORROW = date(2025, 11, 21), date(2025, 11, 23)
NEW = Counters(epoch=EPOCH, day=DAY)
ID = [click(n, at=MIDNIGHT + n).key for n in range(60)]


class Backend(Protocol):
    @property
    def store(self) -> ClickStore: ...

    def make(self, code: str) -> None: ...

    def delete(self, code: str) -> None: ...

    def days(self, code: str) -> dict[date, int]: ...

    def too_late(self) -> Sequence[Click]: ...


class Fake:
    def __init__(self) -> None:
        self.store = MemoryClicks()

    def make(self, code: str) -> None:
        self.store.links[code] = NEW

    def delete(self, code: str) -> None:
        self.store.delete(code)

    def days(self, code: str) -> dict[date, int]:
        return {day: clicks for (of, day), clicks in self.store.days.items() if of == code}

    def too_late(self) -> Sequence[Click]:
        return self.store.too_late


class Dynamo:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.store: DynamoClickStore = cloud.store()
        self.links = LinkStore(cloud.dynamodb, LINKS_TABLE)

    def make(self, code: str) -> None:
        link = Link(code=code, target="https://example.com/", owner="ada", created_at=EPOCH)
        assert self.links.create(link, NEW)

    def delete(self, code: str) -> None:
        assert self.links.delete(code, owner="ada")

    def days(self, code: str) -> dict[date, int]:
        found = self.links.with_days(code)
        assert found is not None
        _, _, days = found
        return {day.date: day.clicks for day in days}

    def too_late(self) -> Sequence[Click]:
        messages = self.cloud.sqs.receive_message(
            QueueUrl=self.cloud.too_late_queue_url, MaxNumberOfMessages=10
        )
        return [from_body(message.get("Body", "")) for message in messages.get("Messages", [])]


@pytest.fixture(params=["fake", "dynamo"])
def backend(request: pytest.FixtureRequest) -> Backend:
    made: Backend = Fake() if request.param == "fake" else Dynamo(request.getfixturevalue("cloud"))
    made.make(CODE)
    return made


def count(backend: Backend, *numbers: int, day: date = DAY) -> Counted | Rejected | Busy:
    return run(backend.store.count(CODE, day, {ID[n] for n in numbers}))


def read(backend: Backend) -> Counters:
    found = run(backend.store.read(CODE))
    assert found is not None
    return found


def with_three(backend: Backend) -> Counters:
    outcome = count(backend, 2, 4, 6)
    assert isinstance(outcome, Counted)
    return outcome.counters


def test_a_new_link_has_no_click_and_remembers_no_id(backend: Backend) -> None:
    assert read(backend) == NEW
    assert backend.days(CODE) == {}


def test_a_count_returns_the_counters_after_it(backend: Backend) -> None:
    ids = frozenset({ID[1], ID[2]})
    after = replace(NEW, clicks=2, day_clicks=2, ids=ids)
    assert count(backend, 1, 2) == Counted(after)
    assert read(backend) == after
    assert backend.days(CODE) == {DAY: 2}


def test_a_count_adds_to_those_before(backend: Backend) -> None:
    before = with_three(backend)
    after = replace(before, clicks=4, day_clicks=4, ids=before.ids | {ID[3]})
    assert count(backend, 3) == Counted(after)


@pytest.mark.parametrize("numbers", [(2,), (1, 2), (2, 7), (2, 4, 6)])
def test_one_duplicate_rejects_all_of_a_count_and_the_counters_say_which(
    backend: Backend, numbers: tuple[int, ...]
) -> None:
    before = with_three(backend)
    assert count(backend, *numbers) == Rejected(before)
    assert read(backend) == before


@pytest.mark.parametrize("day", [YESTERDAY, TOMORROW])
def test_a_count_for_another_day_is_rejected(backend: Backend, day: date) -> None:
    before = with_three(backend)
    assert count(backend, 7, day=day) == Rejected(before)


def test_ten_clicks_are_one_count(backend: Backend) -> None:
    outcome = count(backend, *range(10))
    assert isinstance(outcome, Counted)
    assert outcome.counters.clicks == len(outcome.counters.ids) == 10


def test_a_deleted_link_counts_no_click_by_any_call(backend: Backend) -> None:
    before = with_three(backend)
    assert run(backend.store.evict(CODE, {ID[2], ID[4]}, before)) is Written.DONE
    evicted = read(backend)
    backend.delete(CODE)
    deleted = replace(evicted, live=False)
    assert count(backend, 7) == Rejected(deleted)
    store = backend.store
    assert run(store.begin_day(CODE, TOMORROW, {ID[7]}, evicted)) is Written.REJECTED
    assert run(store.count_for_past_day(CODE, YESTERDAY, {ID[7]})) is Written.REJECTED
    assert run(store.count_late(CODE, DAY, ID[3], ID[4])) is Written.REJECTED
    assert read(backend) == deleted
    assert backend.days(CODE) == {DAY: 3}


def test_a_link_that_was_never_made_counts_no_click(backend: Backend) -> None:
    assert run(backend.store.count("nowhere", DAY, {ID[1]})) == Rejected(None)
    assert run(backend.store.read("nowhere")) is None


def test_a_day_that_begins_moves_the_clicks_of_the_one_before_to_its_row(backend: Backend) -> None:
    before = with_three(backend)
    assert run(backend.store.begin_day(CODE, TOMORROW, {ID[7]}, before)) is Written.DONE
    assert read(backend) == replace(
        before, clicks=4, day=TOMORROW, day_clicks=1, ids=before.ids | {ID[7]}
    )
    assert backend.days(CODE) == {DAY: 3, TOMORROW: 1}


def test_a_day_begins_on_a_link_that_had_no_click(backend: Backend) -> None:
    assert run(backend.store.begin_day(CODE, TOMORROW, {ID[7]}, NEW)) is Written.DONE
    assert backend.days(CODE) == {TOMORROW: 1}


def test_a_day_begins_only_after_all_clicks_of_the_one_before_and_with_new_ones(
    backend: Backend,
) -> None:
    before = with_three(backend)
    for ended, id_ in (
        (replace(before, day_clicks=2), ID[7]),
        (replace(before, day=YESTERDAY), ID[7]),
        (before, ID[2]),
    ):
        assert run(backend.store.begin_day(CODE, TOMORROW, {id_}, ended)) is Written.REJECTED
    assert read(backend) == before


def test_a_click_of_a_past_day_goes_to_that_days_row_and_into_the_total(backend: Backend) -> None:
    before = with_three(backend)
    assert run(backend.store.count_for_past_day(CODE, YESTERDAY, {ID[7], ID[8]})) is Written.DONE
    assert run(backend.store.count_for_past_day(CODE, YESTERDAY, {ID[7]})) is Written.REJECTED
    assert read(backend) == replace(before, clicks=5, ids=before.ids | {ID[7], ID[8]})
    assert backend.days(CODE) == {YESTERDAY: 2, DAY: 3}


def evicted(backend: Backend) -> Counters:
    before = with_three(backend)
    assert run(backend.store.evict(CODE, {ID[2], ID[4]}, before)) is Written.DONE
    return read(backend)


def test_evicted_ids_leave_the_counters_and_lift_the_floor_to_the_newest(backend: Backend) -> None:
    assert evicted(backend) == replace(
        NEW, clicks=3, day_clicks=3, ids=frozenset({ID[6]}), floor=ID[4]
    )


def test_all_ids_may_be_evicted(backend: Backend) -> None:
    before = with_three(backend)
    assert run(backend.store.evict(CODE, before.ids, before)) is Written.DONE
    assert read(backend) == replace(before, ids=frozenset(), floor=ID[6])
    assert isinstance(count(backend, 7), Counted)


def test_no_id_is_evicted_when_another_aggregator_counted_or_evicted_meanwhile(
    backend: Backend,
) -> None:
    before = with_three(backend)
    count(backend, 3)
    assert run(backend.store.evict(CODE, {ID[2]}, before)) is Written.REJECTED
    now = read(backend)
    assert run(backend.store.evict(CODE, {ID[2], ID[3]}, now)) is Written.DONE
    again = replace(read(backend), floor=now.floor)
    assert run(backend.store.evict(CODE, {ID[4]}, again)) is Written.REJECTED
    assert read(backend).floor == ID[3]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_id_at_or_below_the_floor_is_rejected(backend: Backend, number: int) -> None:
    before = evicted(backend)
    assert count(backend, number) == Rejected(before)
    assert count(backend, number, 7) == Rejected(before)
    assert run(backend.store.begin_day(CODE, TOMORROW, {ID[number]}, before)) is Written.REJECTED
    assert run(backend.store.count_for_past_day(CODE, YESTERDAY, {ID[number]})) is Written.REJECTED


def test_the_row_that_covers_an_id_is_that_of_the_next_newest(backend: Backend) -> None:
    evicted(backend)
    count(backend, 8, 10)
    before = read(backend)
    assert run(backend.store.evict(CODE, {ID[6], ID[8]}, before)) is Written.DONE
    covering = [run(backend.store.covering(CODE, ID[n])) for n in (0, 2, 3, 4, 5, 8, 9)]
    assert covering == [ID[4], ID[4], ID[4], ID[4], ID[8], ID[8], None]


def test_a_late_click_counts_once_and_for_its_day(backend: Backend) -> None:
    before = evicted(backend)
    assert run(backend.store.count_late(CODE, DAY, ID[3], ID[4])) is Written.DONE
    assert run(backend.store.count_late(CODE, DAY, ID[3], ID[4])) is Written.DUPLICATE
    assert run(backend.store.count_late(CODE, DAY, ID[2], ID[4])) is Written.DUPLICATE
    assert run(backend.store.count_late(CODE, YESTERDAY, ID[1], ID[4])) is Written.DONE
    assert read(backend) == replace(before, clicks=5)
    assert backend.days(CODE) == {YESTERDAY: 1, DAY: 4}


def test_a_late_click_is_not_counted_by_a_row_that_is_gone(backend: Backend) -> None:
    before = evicted(backend)
    assert run(backend.store.count_late(CODE, DAY, ID[3], ID[5])) is Written.REJECTED
    assert read(backend) == before


def test_the_ids_of_one_link_are_not_those_of_another(backend: Backend) -> None:
    backend.make("other")
    ids: Set[str] = {ID[1]}
    assert isinstance(run(backend.store.count("other", DAY, ids)), Counted)
    assert isinstance(count(backend, 1), Counted)


def test_a_click_in_the_too_late_queue_is_as_it_was(backend: Backend) -> None:
    late = click(1, at=MIDNIGHT)
    run(backend.store.keep_too_late(late))
    assert list(backend.too_late()) == [late]
