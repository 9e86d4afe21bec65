"""Two hundred orders, through the deployed document and the real services, where much goes wrong.

`interpreter.py` runs the document that the program deploys; the services are the functions' own
code on DynamoDB's own conditions. Each attempt may fail before or after its effect, or time out and
take effect later. Orders are executed twice or thrice, at once or after the end.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from examples.orders.handlers.orders.order import CONFIRMED, REFUNDED, Order
from examples.orders.handlers.orders.order_store import OrderStore
from examples.orders.tests.fakes import ITEMS, Books, Fakes
from examples.orders.tests.interpreter import Execution, Fault, TaskError
from examples.orders.tests.shop import ORDERS, open_shop

pytestmark = pytest.mark.xdist_group("orders-consistency")  # one worker spends the days for all

SHOPS, ORDERS_A_SHOP, AT_ONCE = 10, 20, 8
# Probabilities: of a task's fault, of an attempt's, and at each step of a late effect.
BROKEN, FAULTY, LATE_ARRIVES = 0.1, 0.1, 0.03
FAULTS = (Fault.BEFORE, Fault.AFTER, Fault.LATE)


@dataclass
class Chaos:
    """Chooses, by one seed, the execution that moves next and its faults."""

    chance: random.Random
    met: Counter[Fault] = field(default_factory=Counter[Fault])
    _broken: dict[tuple[str, int], Fault] = field(default_factory=dict[tuple[str, int], Fault])

    def run(self, executions: list[Execution]) -> None:
        waiting, running, late = list(executions), list[Execution](), list[Callable[[], object]]()
        while waiting or running or late:
            while waiting and len(running) < AT_ONCE:
                running.append(waiting.pop(0))
            if late and (not running or self.chance.random() < LATE_ARRIVES):
                effect = late.pop(self.chance.randrange(len(late)))
                with suppress(TaskError):  # no execution waits for it any more
                    effect()
                continue
            execution = self.chance.choice(running)
            execution.advance(self._fault(execution))
            late += execution.late
            execution.late.clear()
            if execution.ended:
                running.remove(execution)

    def _fault(self, execution: Execution) -> Fault:
        """Some tasks fail in one way as often as they are tried, the others now and then."""
        if not execution.in_task:
            return Fault.NONE
        visit = (execution.name, len(execution.path))
        if visit not in self._broken:
            self._broken[visit] = self._any(BROKEN)
        fault = self._broken[visit] if self._broken[visit] != Fault.NONE else self._any(FAULTY)
        self.met[fault] += 1
        return fault

    def _any(self, probability: float) -> Fault:
        return self.chance.choice(FAULTS) if self.chance.random() < probability else Fault.NONE


@dataclass(frozen=True)
class Day:
    """The result of one shop's orders."""

    books: Books
    met: Counter[Fault]
    restarted: int


def spend(seed: int) -> Day:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    with open_shop() as shop:
        fakes, chaos = Fakes(shop), Chaos(chance)
        orders = [_order(chance, seed, number) for number in range(ORDERS_A_SHOP)]
        for order in orders[1:]:  # the first has no order: its saga is started by hand
            OrderStore(shop.client, ORDERS).place(order)
        executions = [
            fakes.execution(order, f"{order.order_id}-{number}")
            for order in orders
            for number in range(chance.choice((1, 1, 2, 3)))
        ]
        # Some duplicates run beside each other, some after the first has ended.
        chance.shuffle(executions)
        chaos.run(executions)
        restarted = fakes.restart(executions)
        return Day(Books.of(fakes, orders), chaos.met, restarted)


def _order(chance: random.Random, seed: int, number: int) -> Order:
    item, quantity = chance.choice(sorted(ITEMS)), chance.randint(1, 2)
    amount = quantity * ITEMS[item][2]
    return Order(f"order-{seed}-{number}", f"customer-{number % 3}", item, quantity, amount, 0)


@pytest.fixture(scope="module")
def days() -> list[Day]:
    return [spend(seed) for seed in range(SHOPS)]


def test_every_customer_gets_exactly_the_decision_about_their_order(days: list[Day]) -> None:
    for day in days:
        day.books.every_customer_got_the_decision()


def test_nothing_is_charged_without_an_order(days: list[Day]) -> None:
    for day in days:
        day.books.only_confirmed_orders_are_paid_for()


def test_a_refunded_order_reserves_nothing(days: list[Day]) -> None:
    for day in days:
        day.books.only_confirmed_orders_have_stock()


def test_the_counters_of_every_item_add_up(days: list[Day]) -> None:
    for day in days:
        day.books.counters_add_up()


def test_a_saga_without_a_placed_order_never_confirms(days: list[Day]) -> None:
    assert {day.books.decided[day.books.orders[0].order_id] for day in days} == {REFUNDED}


def test_the_two_hundred_orders_met_every_kind_of_fault(days: list[Day]) -> None:
    met = sum((day.met for day in days), Counter[Fault]())
    outcomes = Counter(status for day in days for status in day.books.decided.values())
    assert outcomes.total() == 200
    assert all(met[fault] >= 100 for fault in FAULTS)
    assert min(outcomes[CONFIRMED], outcomes[REFUNDED]) >= 50
    assert sum(day.restarted for day in days) >= 20
