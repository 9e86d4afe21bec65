"""The moves of every exploration: steps in between, deaths, second deliveries, giving up."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.fakes.schedule import step

from .explorer import Exploration, Recorded, Script, explore
from .latest import Latest
from .situation import Message, Situation
from .test_latest import SETUPS


class Total:
    def __init__(self) -> None:
        self.number = 0

    async def read(self) -> int:
        await step()
        return self.number

    async def write(self, number: int) -> None:
        await step()
        self.number = number

    async def add(self) -> None:
        await step()
        self.number += 1


@dataclass(frozen=True)
class Ports:
    total: Any


class Unlucky(Exception):
    pass


async def adding(_: Any, ports: Ports, __: Script) -> None:
    await ports.total.add()


async def reading_and_writing(_: Any, ports: Ports, __: Script) -> None:
    await ports.total.write(await ports.total.read() + 1)


async def failing(_: Any, ports: Ports, __: Script) -> None:
    await ports.total.add()
    raise Unlucky


class Sum(Situation):
    """Two messages, each of which adds one."""

    giving_up = (Unlucky,)

    def __init__(self, message: Message, crashes: int = 0, duplicates: int = 0) -> None:
        super().__init__(crashes=crashes, duplicates=duplicates)
        self.total = Total()
        self.add(message, message)

    def ports(self, script: Script) -> Ports:
        return Ports(Recorded("total", self.total, script))

    def copy_fakes(self) -> None:
        number = self.total.number
        self.total = Total()
        self.total.number = number

    def state(self) -> Hashable:
        return self.total.number

    def fault(self) -> str | None:
        return "too many" if self.total.number > 4 else None

    def fault_at_the_end(self) -> str | None:
        return f"the sum is {self.total.number}"


def sums(explored: Exploration) -> set[int]:
    return {int(fault.split()[-1]) for fault in explored.faults}


def test_between_two_calls_another_actor_takes_its_steps() -> None:
    assert sums(explore(Sum(Message("add", adding)))) == {2}
    assert sums(explore(Sum(Message("add", reading_and_writing)))) == {1, 2}


def test_the_message_of_an_actor_that_dies_comes_again() -> None:
    assert sums(explore(Sum(Message("add", adding), crashes=1))) == {2, 3}
    assert sums(explore(Sum(Message("add", adding), crashes=2))) == {2, 3, 4}
    once = Message("add", adding, comes_again=False)
    assert sums(explore(Sum(once, crashes=1))) == {2}
    assert sums(explore(Sum(replace(once, run=reading_and_writing), crashes=2))) == {0, 1, 2}


def test_a_message_is_in_two_hands_at_once() -> None:
    twice = Message("add", adding, may_come_twice=True)
    assert sums(explore(Sum(twice, duplicates=1))) == {2, 3}


def test_the_message_of_an_actor_that_gives_up_comes_again() -> None:
    assert "too many" in explore(Sum(Message("add", failing))).faults


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "name", ["two publishers", "a client whose function dies", "two publishers, posts that fail"]
)
def test_leaving_out_the_second_order_of_calls_that_commute_loses_no_end(name: str) -> None:
    setup, _ = SETUPS[name]
    reduced = explore(Latest(setup))
    complete = explore(Latest(replace(setup, in_every_order=True)))
    assert reduced.ends == complete.ends
    assert reduced.situations < complete.situations
