import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.orders.handlers.orders import payment, transaction
from examples.orders.handlers.orders.payment_store import (
    CHARGED,
    REFUNDED,
    Payment,
    PaymentStore,
)
from examples.orders.tests.interleaving import interrupted, moved
from examples.orders.tests.lambda_context import CONTEXT
from examples.orders.tests.shop import PAYMENTS, Shop, open_shop

STEPS = st.lists(st.sampled_from(("charge", "refund")))


@pytest.fixture
def store(either_shop: Shop) -> PaymentStore:
    return PaymentStore(either_shop.client, PAYMENTS)


def act(store: PaymentStore, action: str, amount_cents: int = 900) -> str:
    """The reason of a rejection, or `done`."""
    order = {"order_id": "order-1", "customer": "ann", "amount_cents": amount_cents}
    answer = payment.act(store, action, order, charge_limit_cents=1_000)
    return answer.get("reason", answer["outcome"])


def test_charging_twice_charges_once(store: PaymentStore, either_shop: Shop) -> None:
    assert [act(store, "charge"), act(store, "charge")] == ["done", "done"]
    assert either_shop.ledger() == {"order-1": 900}
    assert store.payment("order-1") == Payment(CHARGED, "ann", 900)


def test_refunding_twice_refunds_once(store: PaymentStore, either_shop: Shop) -> None:
    assert [act(store, a) for a in ("charge", "refund", "refund")] == ["done"] * 3
    assert either_shop.ledger() == {"order-1": 0}
    assert len(either_shop.rows(PAYMENTS)) == 3
    assert store.payment("order-1") == Payment(REFUNDED, "ann", 900)


def test_a_late_attempt_cannot_charge_for_an_order_that_was_refunded(
    store: PaymentStore, either_shop: Shop
) -> None:
    assert act(store, "refund") == "done"
    assert act(store, "charge") == "the order was given up before"
    assert either_shop.ledger() == {}


def test_a_charge_above_the_limit_is_declined_and_leaves_no_trace(
    store: PaymentStore, either_shop: Shop
) -> None:
    assert act(store, "charge", amount_cents=1_001) == "declined"
    assert act(store, "charge", amount_cents=1_000) == "done"
    assert either_shop.ledger() == {"order-1": 1_000}


def test_the_service_raises_on_an_unknown_action_and_does_not_reject_it(
    store: PaymentStore,
) -> None:
    with pytest.raises(ValueError, match="charge or refund"):
        act(store, "give")


@pytest.mark.parametrize("before", [[], ["charge"]])
@pytest.mark.parametrize("action", ["charge", "refund"])
@pytest.mark.parametrize("meanwhile", ["charge", "refund"])
def test_two_actions_at_once_end_as_one_after_the_other(
    shop: Shop, before: list[str], action: str, meanwhile: str
) -> None:
    store = PaymentStore(shop.client, PAYMENTS)
    for step in before:
        act(store, step)
    client = interrupted(shop.client, lambda: act(store, meanwhile))
    act(PaymentStore(client, PAYMENTS), action)
    refunded = "refund" in (action, meanwhile)
    assert shop.ledger().get("order-1", 0) == (0 if refunded else 900)
    found = store.payment("order-1")
    assert found is not None
    assert found.state == (REFUNDED if refunded else CHARGED)


def test_a_store_gives_up_on_a_row_that_keeps_changing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PaymentStore(shop.client, PAYMENTS)
    monkeypatch.setattr(transaction, "write", moved)
    with pytest.raises(transaction.Contended):
        store.refund("order-1")


@settings(max_examples=50)
@given(STEPS)
def test_a_refunded_order_costs_nothing_after_any_actions_in_any_order(steps: list[str]) -> None:
    with open_shop() as shop:
        store = PaymentStore(shop.client, PAYMENTS)
        for action in steps:
            act(store, action)
        paid = shop.ledger().get("order-1", 0)
    charged = "charge" in steps and "refund" not in steps
    assert paid == (900 if charged else 0)


def test_the_function_answers_the_saga(
    store: PaymentStore, either_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PAYMENTS_TABLE": PAYMENTS, "CHARGE_LIMIT_CENTS": "1000"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(payment, "_payments", lambda: store)
    order = {"order_id": "order-1", "customer": "ann", "amount_cents": 900}
    answered = payment.handler({"action": "charge", "order": order}, CONTEXT)
    assert answered == {"outcome": "done"}
    assert either_shop.ledger() == {"order-1": 900}
