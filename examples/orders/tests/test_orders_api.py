import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from examples.orders.handlers import environment
from examples.orders.handlers.orders import api, order, order_store, payment
from examples.orders.handlers.orders.order_store import OrderStore
from examples.orders.handlers.orders.stock_store import StockStore
from examples.orders.tests.lambda_context import CONTEXT
from examples.orders.tests.shop import ORDERS, STOCK, Shop

if TYPE_CHECKING:
    from types_boto3_stepfunctions.client import SFNClient

TEA = {"order_id": "order-0001", "item": "tea", "quantity": 2}


class Sagas:
    """Records the started executions, and rejects a second one of a name as Step Functions does."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.reachable = True

    def start(self, placed: order.Order) -> None:
        if not self.reachable:
            raise ConnectionError("no answer")
        assert self.started.get(placed.order_id, placed.saga_input()) == placed.saga_input()
        self.started[placed.order_id] = placed.saga_input()


@pytest.fixture
def sagas(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Sagas:
    shop.put_item("tea", 10, price_cents=450)
    sagas = Sagas()
    monkeypatch.setattr(api, "_orders", lambda: (OrderStore(shop.client, ORDERS), sagas))
    monkeypatch.setattr(api, "_stock", lambda: StockStore(shop.client, STOCK))
    return sagas


def call(method: str, path: str, body: Any = None, customer: str | None = "ann") -> Any:
    """Status and body of the answer."""
    claims = {"sub": customer} if customer else {}
    event = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": path},
            "stage": "$default",
            "authorizer": {"jwt": {"claims": claims, "scopes": None}},
        },
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = api.handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_order_is_accepted_at_once_and_its_saga_started(sagas: Sagas) -> None:
    status, body = call("POST", "/orders", TEA)
    assert (status, body["status"], body["amount_cents"]) == (202, "placed", 900)
    assert sagas.started == {
        "order-0001": {
            "order_id": "order-0001",
            "customer": "ann",
            "channel": "user:ann",
            "item": "tea",
            "quantity": 2,
            "amount_cents": 900,
        }
    }


def test_the_same_order_sent_again_is_the_same_order_at_its_old_price(
    sagas: Sagas, shop: Shop
) -> None:
    first = call("POST", "/orders", TEA)
    shop.put_item("tea", 10, price_cents=9_999)
    assert call("POST", "/orders", TEA) == first
    assert len(sagas.started) == len(shop.rows(ORDERS)) == 1


def test_an_order_whose_saga_did_not_start_starts_when_it_is_sent_again(sagas: Sagas) -> None:
    sagas.reachable = False
    status, body = call("POST", "/orders", TEA)
    assert (status, body["error"]["code"]) == (500, "internal")
    assert "no answer" not in json.dumps(body)
    sagas.reachable = True
    assert call("POST", "/orders", TEA)[0] == 202
    assert list(sagas.started) == ["order-0001"]


def test_a_decided_order_that_is_sent_again_starts_nothing(sagas: Sagas, shop: Shop) -> None:
    placed = order.Order("order-0001", "ann", "tea", 2, 900, 0, status=order.CONFIRMED)
    OrderStore(shop.client, ORDERS).place(placed)
    status, body = call("POST", "/orders", TEA)
    assert (status, body["status"]) == (202, "confirmed")
    assert sagas.started == {}


@pytest.mark.parametrize(("other", "customer"), [({"quantity": 3}, "ann"), ({}, "bob")])
def test_the_api_rejects_an_id_that_belongs_to_another_order(
    sagas: Sagas, other: dict[str, Any], customer: str
) -> None:
    call("POST", "/orders", TEA)
    status, body = call("POST", "/orders", {**TEA, **other}, customer)
    assert (status, body["error"]["code"]) == (409, "order_id_taken")
    assert len(sagas.started) == 1


def test_a_saga_without_an_order_leaves_an_id_that_no_order_can_take(
    sagas: Sagas, shop: Shop
) -> None:
    row = {"PK": {"S": "order-0001"}, "status": {"S": "refunded"}}
    shop.client.put_item(TableName=ORDERS, Item=row)
    assert call("POST", "/orders", TEA)[0] == 409
    assert call("GET", "/orders/order-0001")[0] == 404
    assert sagas.started == {}


def test_without_an_id_each_order_gets_its_own(sagas: Sagas) -> None:
    wish = {"item": "tea", "quantity": 1}
    ids = {call("POST", "/orders", wish)[1]["order_id"] for _ in range(2)}
    assert ids == sagas.started.keys()
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**TEA, "quantity": 0}, "bad_request"),
        ({**TEA, "quantity": 101}, "bad_request"),
        ({**TEA, "quantity": "2"}, "bad_request"),
        ({**TEA, "order_id": "a b"}, "bad_request"),
        ({**TEA, "order_id": "x" * 65}, "bad_request"),
        ({**TEA, "order_id": "order-0001\n"}, "bad_request"),
        ({**TEA, "price": 1}, "bad_request"),
        ({"item": "tea"}, "bad_request"),
        ([], "bad_request"),
        ("{", "bad_request"),
        ({**TEA, "item": "coffee"}, "unknown_item"),
    ],
)
def test_the_api_rejects_an_order_that_it_cannot_take_and_starts_nothing(
    sagas: Sagas, shop: Shop, body: Any, code: str
) -> None:
    status, answer = call("POST", "/orders", body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert sagas.started == {}
    assert shop.rows(ORDERS) == []


def test_the_api_rejects_a_body_that_is_too_large_unread(sagas: Sagas) -> None:
    assert call("POST", "/orders", " " * 4_097)[0] == 413
    assert sagas.started == {}


def test_a_customer_reads_their_own_order_and_no_other(sagas: Sagas) -> None:
    call("POST", "/orders", TEA)
    assert call("GET", "/orders/order-0001")[1]["status"] == "placed"
    assert call("GET", "/orders/order-0001", customer="bob")[0] == 404
    assert call("GET", "/orders/order-0002")[0] == 404
    assert len(sagas.started) == 1


def test_the_api_takes_no_order_without_a_token(sagas: Sagas) -> None:
    assert call("POST", "/orders", TEA, customer=None)[0] == 401
    assert sagas.started == {}


def test_a_customers_channel_percent_encodes_characters_that_no_channel_has() -> None:
    assert order.channel("auth0|ann o'hara") == "user:auth0%7Cann%20o%27hara"


class AlreadyExists(Exception):
    pass


class StepFunctions:
    """As much of boto3's client as a start needs: a name can be given once."""

    def __init__(self) -> None:
        self.exceptions = SimpleNamespace(ExecutionAlreadyExists=AlreadyExists)
        self.started: list[tuple[str, str, dict[str, Any]]] = []

    def start_execution(self, **request: str) -> None:
        if any(name == request["name"] for _, name, _ in self.started):
            raise AlreadyExists
        self.started.append(
            (request["stateMachineArn"], request["name"], json.loads(request["input"]))
        )


def test_an_orders_saga_has_its_name_and_is_started_once() -> None:
    client, placed = StepFunctions(), order.Order("order-0001", "ann", "tea", 2, 900, 0)
    sagas = order_store.Sagas(cast("SFNClient", client), "arn:saga")
    sagas.start(placed)
    sagas.start(placed)
    assert client.started == [("arn:saga", "order-0001", placed.saga_input())]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [(None, "must be set"), ("", "must be set"), ("much", "must be a whole number, got 'much'")],
)
def test_the_error_names_a_variable_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, limit: str | None, reason: str
) -> None:
    monkeypatch.setenv("PAYMENTS_TABLE", "payments")
    monkeypatch.delenv("CHARGE_LIMIT_CENTS", raising=False)
    if limit is not None:
        monkeypatch.setenv("CHARGE_LIMIT_CENTS", limit)
    with pytest.raises(environment.MissingVariable, match=f"CHARGE_LIMIT_CENTS {reason}"):
        environment.read(payment.Environment)
