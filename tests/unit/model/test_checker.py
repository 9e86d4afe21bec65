from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.model import every_cases, latest_cases
from tests.unit.model.cases import Case
from tests.unit.model.checker import check
from tests.unit.model.system import Call, Handler, Message, Messages, Step, System, Undelivered


@dataclass(frozen=True)
class Add:
    name: str


@dataclass(frozen=True)
class Counter:
    """Each message adds one, by a read and a write or by one request."""

    at_once: bool
    crashes: int = 0
    duplicates: int = 0
    fails: bool = False
    acknowledges_first: bool = False

    def start(self) -> tuple[int, Messages]:
        return 0, (Add("a"), Add("b"))

    def handle(self, messages: Messages) -> Handler[int]:  # noqa: ARG002 - all do the same
        if self.acknowledges_first:
            yield Call("acknowledge", lambda total: [Step(None, total)], acknowledges=True)
        if self.at_once:
            yield Call("add", lambda total: [Step(None, total + 1)])
        else:
            seen: int = yield Call("read", lambda total: [Step(total, total)])
            yield Call("write", lambda _: [Step(None, seen + 1)])
        if self.fails:
            raise Undelivered

    def batches(self, waiting: Messages) -> Iterable[Messages]:
        return ((message,) for message in waiting)

    def may_be_duplicated(self, message: Message) -> bool:
        return message == Add("a")

    def returned(self, messages: Messages) -> Messages:  # noqa: ARG002 - nothing follows
        return ()

    def crashed(self, world: int, messages: Messages) -> tuple[int, Messages]:
        return world, messages

    def broken(self, world: int) -> str | None:
        return "too many" if world > 4 else None

    def broken_at_the_end(self, world: int) -> str | None:  # noqa: ARG002 - any end is right
        return None


def test_two_handlers_of_one_request_have_one_end() -> None:
    assert check(Counter(at_once=True)).ends == {2}


def test_between_two_requests_another_handler_runs() -> None:
    assert check(Counter(at_once=False)).ends == {1, 2}


def test_a_handler_that_dies_is_started_again() -> None:
    assert check(Counter(at_once=True, crashes=1)).ends == {2, 3}
    assert check(Counter(at_once=True, crashes=2)).ends == {2, 3, 4}


def test_a_handler_that_dies_after_it_has_acknowledged_is_not() -> None:
    assert check(Counter(at_once=True, crashes=1, acknowledges_first=True)).ends == {1, 2}


def test_a_message_comes_twice_at_once_or_after_it_is_acknowledged() -> None:
    assert check(Counter(at_once=True, duplicates=1)).ends == {2, 3}
    assert check(Counter(at_once=False, duplicates=1)).ends == {1, 2, 3}


def test_a_handler_that_gives_up_gets_its_message_again() -> None:
    verdict = check(Counter(at_once=True, fails=True))
    assert verdict.violation == "too many"
    assert sum("gives up" in step for step in verdict.trace) >= 3


SMALL = [case for case in (*latest_cases.HOLDS, *every_cases.HOLDS) if case.at_least < 4_500]


@pytest.mark.parametrize("case", SMALL, ids=str)
def test_leaving_out_the_second_order_of_steps_that_commute_loses_no_end(case: Case) -> None:
    system: System[Any] = case.system
    reduced, complete = check(system), check(system, in_every_order=True)
    assert reduced.ends == complete.ends
    assert reduced.states < complete.states
