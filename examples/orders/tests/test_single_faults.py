"""Each task in turn fails in each way as long as it is tried, for every way an order can end."""

from contextlib import suppress

import pytest

from examples.orders.handlers.orders.order import CONFIRMED, Order
from examples.orders.handlers.orders.order_store import OrderStore
from examples.orders.tests.interpreter import Execution, Fault, TaskError
from examples.orders.tests.shop import ORDERS, Shop
from examples.orders.tests.world import DOCUMENT, ITEMS, Books, World

TASKS = [name for name, state in DOCUMENT["States"].items() if state["Type"] == "Task"]
FAULTS = (Fault.BEFORE, Fault.AFTER, Fault.LATE)
MANY = 3  # more than some items have


def order(item: str) -> Order:
    return Order(f"order-of-{item}", "ann", item, MANY, MANY * ITEMS[item][2], 0)


def run(execution: Execution, broken: str, fault: Fault, *, arrives_at_once: bool) -> None:
    """What times out takes effect either before the next attempt or after everything else."""
    while not execution.ended:
        execution.advance(fault if execution.state == broken else Fault.NONE)
        if arrives_at_once:
            _arrive(execution)
    _arrive(execution)


def _arrive(execution: Execution) -> None:
    for effect in execution.late:
        with suppress(TaskError):  # nobody waits for it any more
            effect()
    execution.late.clear()


@pytest.mark.parametrize("broken", TASKS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("arrives_at_once", [True, False])
def test_the_books_are_right_whatever_one_task_does(
    shop: Shop, broken: str, fault: Fault, *, arrives_at_once: bool
) -> None:
    world, orders = World(shop), [order(item) for item in ITEMS]
    executions: list[Execution] = []
    for placed in orders:
        OrderStore(shop.client, ORDERS).place(placed)
        execution = world.execution(placed, placed.order_id)
        run(execution, broken, fault, arrives_at_once=arrives_at_once)
        executions.append(execution)
    world.restart(executions)
    books = Books.of(world, orders)
    books.everybody_was_told_what_was_decided()
    books.only_confirmed_orders_are_paid_for()
    books.only_confirmed_orders_hold_stock()
    books.figures_add_up()


@pytest.mark.parametrize(
    ("item", "confirmed"),
    [("plenty", True), ("scarce", True), ("miscounted", False), ("dear", False)],
)
def test_an_order_ends_as_its_item_lets_it(shop: Shop, item: str, *, confirmed: bool) -> None:
    world, placed = World(shop), order(item)
    OrderStore(shop.client, ORDERS).place(placed)
    run(world.execution(placed, "only"), "none", Fault.NONE, arrives_at_once=True)
    assert (Books.of(world, [placed]).decided[placed.order_id] == CONFIRMED) == confirmed


def test_what_cannot_be_refunded_is_parked_with_all_that_an_operator_needs(shop: Shop) -> None:
    world, placed = World(shop), order("miscounted")
    execution = world.execution(placed, "only")
    OrderStore(shop.client, ORDERS).place(placed)
    run(execution, "Refund", Fault.BEFORE, arrives_at_once=True)
    (parked,) = world.parked
    assert (execution.ended, world.told) == ("OrderParked", [])
    assert (parked["execution"], parked["order"]) == ("only", placed.saga_input())
    assert parked["failure"]["Error"] == "Lambda.ServiceException"
