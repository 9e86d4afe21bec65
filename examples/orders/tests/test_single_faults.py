"""Each task in turn fails in each way as long as it is tried, for every way an order can end."""

from contextlib import suppress

import pytest

from examples.orders.handlers.orders.order import CONFIRMED, Order
from examples.orders.handlers.orders.order_store import OrderStore
from examples.orders.tests.fakes import DOCUMENT, ITEMS, Books, Fakes
from examples.orders.tests.interpreter import Execution, Fault, TaskError
from examples.orders.tests.shop import ORDERS, Shop

TASKS = [name for name, state in DOCUMENT["States"].items() if state["Type"] == "Task"]
FAULTS = (Fault.BEFORE, Fault.AFTER, Fault.LATE)
MANY = 3  # more than some items have


def order(item: str) -> Order:
    return Order(f"order-of-{item}", "ann", item, MANY, MANY * ITEMS[item][2], 0)


def run(execution: Execution, broken: str, fault: Fault, *, arrives_at_once: bool) -> None:
    """A timed-out attempt takes effect before the next attempt, or after everything else."""
    while not execution.ended:
        execution.advance(fault if execution.state == broken else Fault.NONE)
        if arrives_at_once:
            _arrive(execution)
    _arrive(execution)


def _arrive(execution: Execution) -> None:
    for effect in execution.late:
        with suppress(TaskError):  # no execution waits for it any more
            effect()
    execution.late.clear()


@pytest.mark.parametrize("broken", TASKS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("arrives_at_once", [True, False])
def test_the_books_are_right_after_any_fault_of_one_task(
    shop: Shop, broken: str, fault: Fault, *, arrives_at_once: bool
) -> None:
    fakes, orders = Fakes(shop), [order(item) for item in ITEMS]
    executions: list[Execution] = []
    for placed in orders:
        OrderStore(shop.client, ORDERS).place(placed)
        execution = fakes.execution(placed, placed.order_id)
        run(execution, broken, fault, arrives_at_once=arrives_at_once)
        executions.append(execution)
    fakes.restart(executions)
    books = Books.of(fakes, orders)
    books.every_customer_got_the_decision()
    books.only_confirmed_orders_are_paid_for()
    books.only_confirmed_orders_have_stock()
    books.counters_add_up()


@pytest.mark.parametrize(
    ("item", "confirmed"),
    [("plenty", True), ("scarce", True), ("miscounted", False), ("dear", False)],
)
def test_an_order_ends_as_its_item_decides(shop: Shop, item: str, *, confirmed: bool) -> None:
    fakes, placed = Fakes(shop), order(item)
    OrderStore(shop.client, ORDERS).place(placed)
    run(fakes.execution(placed, "only"), "none", Fault.NONE, arrives_at_once=True)
    assert (Books.of(fakes, [placed]).decided[placed.order_id] == CONFIRMED) == confirmed


def test_an_order_that_cannot_be_refunded_is_kept_with_all_that_an_operator_needs(
    shop: Shop,
) -> None:
    fakes, placed = Fakes(shop), order("miscounted")
    execution = fakes.execution(placed, "only")
    OrderStore(shop.client, ORDERS).place(placed)
    run(execution, "Refund", Fault.BEFORE, arrives_at_once=True)
    (unfinished,) = fakes.unfinished
    assert (execution.ended, fakes.published) == ("OrderUnfinished", [])
    assert (unfinished["execution"], unfinished["order"]) == ("only", placed.saga_input())
    assert unfinished["failure"]["Error"] == "Lambda.ServiceException"
