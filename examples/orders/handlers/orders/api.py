"""The orders API: a signed-in customer places orders and reads their status.

202 means that the order will be decided, not that it was: the decision comes on the customer's
channel. An order of another customer is answered with 404, as if there were none.
"""

from __future__ import annotations

import base64
import functools
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from .. import environment
from . import new_order, order_store, stock_store
from .order import PLACED, Order

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .order_store import OrderStore, Sagas
    from .stock_store import StockStore

_MAXIMUM_BODY_BYTES = 4 * 1024

logger = Logger()
app = APIGatewayHttpResolver()

Answer = Response[Any]


@dataclass(frozen=True)
class Environment:
    orders_table: str
    stock_table: str
    state_machine_arn: str


@functools.cache
def _environment() -> Environment:
    return environment.read(Environment)


@functools.cache
def _orders() -> tuple[OrderStore, Sagas]:
    return order_store.connect(_environment().orders_table, _environment().state_machine_arn)


@functools.cache
def _stock() -> StockStore:
    return stock_store.connect(_environment().stock_table)


class RejectedRequest(Exception):
    """The error that a request is answered with. The code is stable, the message is not."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = app.resolve(event, context)
    logger.info("answered", extra={"route": event["routeKey"], "status": answer["statusCode"]})
    return answer


@app.post("/orders")
def place() -> Answer:
    customer = _customer()
    try:
        wanted = new_order.parse(_body())
    except new_order.RejectedOrder as error:
        raise RejectedRequest(HTTPStatus.BAD_REQUEST, "bad_request", str(error)) from error
    price_cents = _stock().price_cents(wanted.item)
    if price_cents is None:
        message = f"There is no item {wanted.item}."
        raise RejectedRequest(HTTPStatus.BAD_REQUEST, "unknown_item", message)
    order = Order(
        order_id=wanted.order_id,
        customer=customer,
        item=wanted.item,
        quantity=wanted.quantity,
        amount_cents=wanted.quantity * price_cents,
        placed_at=time.time_ns() // 1_000_000,
    )
    stored = _placed(order)
    location = f"/orders/{stored.order_id}"
    return _answer(HTTPStatus.ACCEPTED, _shown(stored), {"location": location})


@app.get("/orders/<order_id>")
def read(order_id: str) -> Answer:
    customer = _customer()
    orders, _ = _orders()
    found = orders.find(order_id)
    if found is None or found.customer != customer:
        raise RejectedRequest(HTTPStatus.NOT_FOUND, "not_found", "You have no such order.")
    return _answer(HTTPStatus.OK, _shown(found))


def _placed(order: Order) -> Order:
    """The row first, then the saga: a client without an answer sends the same order again."""
    orders, sagas = _orders()
    stored = orders.place(order)
    if stored is None or not stored.same_wish(order):
        message = f"The order id {order.order_id} belongs to another order; choose another."
        raise RejectedRequest(HTTPStatus.CONFLICT, "order_id_taken", message)
    if stored.status == PLACED:
        sagas.start(stored)
    logger.info("order placed", extra={"order_id": order.order_id})
    return stored


@app.exception_handler(RejectedRequest)
def rejected(error: RejectedRequest) -> Answer:
    return _error(error.status, error.code, str(error))


@app.exception_handler(Exception)
def failed(_: Exception) -> Answer:
    logger.exception("request failed")
    message = (
        "Something went wrong on our side. Send the same order again: it will not count twice."
    )
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)


@app.exception_handler(NotFoundError)
def no_route(_: NotFoundError) -> Answer:
    return _error(HTTPStatus.NOT_FOUND, "not_found", "There is no such resource.")


def _customer() -> str:
    authorizer = app.current_event.request_context.authorizer
    subject = authorizer.jwt_claim.get("sub") if authorizer else None
    if not subject:
        message = "The request must carry a token of a signed-in customer."
        raise RejectedRequest(HTTPStatus.UNAUTHORIZED, "unauthorized", message)
    return str(subject)


def _body() -> bytes:
    event = app.current_event
    text = event.body or ""
    # API Gateway encodes a body whose content type it takes for binary.
    body = base64.b64decode(text) if event.is_base64_encoded else text.encode()
    if len(body) > _MAXIMUM_BODY_BYTES:
        message = f"The body must have at most {_MAXIMUM_BODY_BYTES} bytes, it has {len(body)}."
        raise RejectedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large", message)
    return body


def _shown(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "item": order.item,
        "quantity": order.quantity,
        "amount_cents": order.amount_cents,
        "status": order.status,
    }


def _error(status: HTTPStatus, code: str, message: str) -> Answer:
    return _answer(status, {"error": {"code": code, "message": message}})


def _answer(
    status: HTTPStatus, body: dict[str, Any], headers: dict[str, str | list[str]] | None = None
) -> Answer:
    return Response(status, content_types.APPLICATION_JSON, body, headers or {})
