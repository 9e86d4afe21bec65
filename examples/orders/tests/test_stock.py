from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.orders.handlers.orders import stock, transaction
from examples.orders.handlers.orders.stock_store import (
    COMMITTED,
    RELEASED,
    RESERVED,
    Reservation,
    StockStore,
)
from examples.orders.tests.interleaving import interrupted, moved
from examples.orders.tests.lambda_context import CONTEXT
from examples.orders.tests.shop import STOCK, Shelf, Shop, open_shop

ACTIONS = ("reserve", "commit", "release")
STEPS = st.lists(st.tuples(st.sampled_from(("order-1", "order-2")), st.sampled_from(ACTIONS)))
STATES = (RESERVED, COMMITTED, RELEASED)


@pytest.fixture
def store(either_shop: Shop) -> StockStore:
    either_shop.put_item("tea", 10)
    return StockStore(either_shop.client, STOCK)


def act(store: StockStore, action: str, order_id: str = "order-1", quantity: int = 3) -> str:
    """The reason of a rejection, or `done`."""
    order = {"order_id": order_id, "item": "tea", "quantity": quantity}
    answer = stock.act(store, action, order)
    return answer.get("reason", answer["outcome"])


def test_reserving_twice_reserves_once(store: StockStore, either_shop: Shop) -> None:
    assert [act(store, "reserve"), act(store, "reserve")] == ["done", "done"]
    assert either_shop.shelf("tea") == Shelf(available=7, reserved=3, on_hand=10)


def test_committing_twice_takes_from_the_shelf_once(store: StockStore, either_shop: Shop) -> None:
    assert [act(store, a) for a in ("reserve", "commit", "commit")] == ["done"] * 3
    assert either_shop.shelf("tea") == Shelf(available=7, reserved=0, on_hand=7)


@pytest.mark.parametrize("before", [["reserve"], ["reserve", "commit"]])
def test_releasing_twice_gives_back_once_from_any_state(
    store: StockStore, either_shop: Shop, before: list[str]
) -> None:
    assert {act(store, a) for a in (*before, "release", "release")} == {"done"}
    assert either_shop.shelf("tea") == Shelf(available=10, reserved=0, on_hand=10)


def test_a_late_attempt_cannot_reserve_for_an_order_that_was_released(
    store: StockStore, either_shop: Shop
) -> None:
    assert act(store, "release") == "done"
    assert act(store, "reserve") == "the order was given up before"
    assert either_shop.shelf("tea") == Shelf(available=10, reserved=0, on_hand=10)


def test_a_released_order_cannot_be_committed(store: StockStore) -> None:
    act(store, "reserve")
    act(store, "release")
    assert act(store, "commit") == "nothing is reserved"


def test_an_order_reserves_only_pieces_that_are_available(
    store: StockStore, either_shop: Shop
) -> None:
    assert act(store, "reserve", "order-1", quantity=8) == "done"
    assert act(store, "reserve", "order-2", quantity=3) == "sold out"
    assert either_shop.shelf("tea") == Shelf(available=2, reserved=8, on_hand=10)


def test_the_commit_of_an_order_finds_the_shelf_empty(either_shop: Shop) -> None:
    either_shop.put_item("tea", 10, on_hand=2)
    store = StockStore(either_shop.client, STOCK)
    assert act(store, "reserve") == "done"
    assert act(store, "commit") == "the shelf is empty"
    assert either_shop.shelf("tea") == Shelf(available=7, reserved=3, on_hand=2)


def test_the_service_raises_on_an_unknown_action_and_does_not_reject_it(store: StockStore) -> None:
    with pytest.raises(ValueError, match="reserve, commit or release"):
        act(store, "steal")


def test_the_store_raises_a_failure_that_may_pass(either_shop: Shop) -> None:
    with pytest.raises(ClientError):
        act(StockStore(either_shop.client, "no-such-table"), "reserve")


def test_the_reservation_outlives_its_order(store: StockStore) -> None:
    assert store.reservation("order-1") is None
    act(store, "reserve")
    act(store, "release")
    assert store.reservation("order-1") == Reservation(RELEASED, "tea", 3)


def test_an_item_has_a_price_or_is_unknown(store: StockStore) -> None:
    assert (store.price_cents("tea"), store.price_cents("coffee")) == (100, None)


@pytest.mark.parametrize("before", [[], ["reserve"], ["reserve", "commit"]])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("meanwhile", ACTIONS)
def test_two_actions_at_once_end_as_one_after_the_other(
    shop: Shop, before: list[str], action: str, meanwhile: str
) -> None:
    shop.put_item("tea", 10)
    store = StockStore(shop.client, STOCK)
    for step in before:
        act(store, step)
    done = [action]  # an action without effect writes nothing, so nothing interrupts it
    client = interrupted(shop.client, lambda: done.append(act(store, meanwhile) and meanwhile))
    act(StockStore(client, STOCK), action)
    held = store.reservation("order-1")
    pieces = {state: 3 if held and held.state == state else 0 for state in STATES}
    assert shop.shelf("tea") == Shelf(
        available=10 - pieces[RESERVED] - pieces[COMMITTED],
        reserved=pieces[RESERVED],
        on_hand=10 - pieces[COMMITTED],
    )
    if "release" in done:
        assert pieces[RELEASED] == 3


def test_a_store_gives_up_on_a_row_that_keeps_changing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = StockStore(shop.client, STOCK)
    monkeypatch.setattr(transaction, "write", moved)
    with pytest.raises(transaction.Contended):
        store.release("order-1")


@settings(max_examples=100)
@given(STEPS)
def test_whatever_comes_in_whatever_order_the_counters_add_up(steps: list[tuple[str, str]]) -> None:
    with open_shop() as shop:
        shop.put_item("tea", 5, on_hand=4)
        store = StockStore(shop.client, STOCK)
        for order_id, action in steps:
            act(store, action, order_id)
        held = [store.reservation(order_id) for order_id in ("order-1", "order-2")]
        shelf = shop.shelf("tea")
    pieces = {state: 3 * sum(h is not None and h.state == state for h in held) for state in STATES}
    assert shelf == Shelf(
        available=5 - pieces[RESERVED] - pieces[COMMITTED],
        reserved=pieces[RESERVED],
        on_hand=4 - pieces[COMMITTED],
    )
    assert min(shelf.available, shelf.reserved, shelf.on_hand) >= 0


def test_the_function_answers_the_saga(
    store: StockStore, either_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: dict[str, Any] = {"order_id": "order-1", "item": "tea", "quantity": 3}
    monkeypatch.setattr(stock, "_stock", lambda: store)
    answered = stock.handler({"action": "reserve", "order": order}, CONTEXT)
    assert answered == {"outcome": "done"}
    assert either_shop.shelf("tea").reserved == 3
