"""The fake services that the saga calls, and the books that must be right after all executions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from examples.orders.handlers.orders import payment, stock
from examples.orders.handlers.orders.order import CONFIRMED, REFUNDED, Order, channel
from examples.orders.handlers.orders.payment_store import CHARGED, PaymentStore
from examples.orders.handlers.orders.stock_store import COMMITTED, RELEASED, StockStore
from examples.orders.infrastructure.state_machine import Parts, definition
from examples.orders.tests.interpreter import Execution, TaskError
from examples.orders.tests.shop import ORDERS, PAYMENTS, STOCK, Shelf, Shop

CHARGE_LIMIT_CENTS = 1_000
DOCUMENT = definition(
    Parts(
        stock_function_arn=STOCK,
        payment_function_arn=PAYMENTS,
        orders_table_name=ORDERS,
        publish_queue_url="publish",
        unfinished_queue_url="unfinished",
    )
)
# Item -> pieces that can be reserved, pieces on the shelf, price.
ITEMS = {
    "plenty": (100, 100, 100),
    "scarce": (4, 4, 100),
    "miscounted": (100, 2, 100),
    "dear": (100, 100, 2_000),
}


@dataclass
class Fakes:
    """A shop, the messages to its customers and the orders left to its operators."""

    shop: Shop
    published: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    unfinished: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    def __post_init__(self) -> None:
        for item, (available, on_hand, price_cents) in ITEMS.items():
            self.shop.put_item(item, available, on_hand=on_hand, price_cents=price_cents)

    def execution(self, order: Order, name: str) -> Execution:
        return Execution(DOCUMENT, name, order.saga_input(), self.call)

    def restart(self, executions: list[Execution]) -> int:
        """Starts each unfinished order's saga again, as an operator does. Returns their number."""
        ends = {execution.ended for execution in executions}
        assert ends <= {"succeeded", "OrderUnfinished"}, ends
        stuck = [execution for execution in executions if execution.ended == "OrderUnfinished"]
        for first in stuck:
            again = Execution(DOCUMENT, f"{first.name}-again", first.input, self.call)
            while not again.ended:
                again.advance()
            assert again.ended == "succeeded"
        return len(stuck)

    def call(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        match resource.rpartition(":::")[2]:
            case "lambda:invoke":
                answer = self._invoke(parameters["FunctionName"], **parameters["Payload"])
                return {"StatusCode": 200, "Payload": answer}
            case "dynamodb:updateItem":
                return self._decide(parameters)
            case "sqs:sendMessage":
                queue = self.published if parameters["QueueUrl"] == "publish" else self.unfinished
                return queue.append(parameters["MessageBody"])
            case other:
                raise AssertionError(f"the saga calls {other}, for which there is no fake")

    def _invoke(self, function: str, action: str, order: Mapping[str, Any]) -> Any:
        client = self.shop.client
        if function == STOCK:
            return stock.act(StockStore(client, STOCK), action, order)
        payments = PaymentStore(client, PAYMENTS)
        return payment.act(payments, action, order, charge_limit_cents=CHARGE_LIMIT_CENTS)

    def _decide(self, parameters: Mapping[str, Any]) -> None:
        client = self.shop.client
        try:
            client.update_item(**parameters)
        except client.exceptions.ConditionalCheckFailedException as error:
            raise TaskError("DynamoDB.ConditionalCheckFailedException") from error


@dataclass(frozen=True)
class Books:
    """All that was written down about some orders, by order and by item."""

    orders: list[Order]
    decided: Mapping[str, str]
    messages: Mapping[str, set[tuple[str, str]]]
    """Channel and message, of all messages about an order."""
    paid: Mapping[str, int]
    """Without those that sum up to nothing."""
    payments: Mapping[str, str]
    reservations: Mapping[str, str]
    shelves: Mapping[str, Shelf]

    @classmethod
    def of(cls, fakes: Fakes, orders: list[Order]) -> "Books":
        shop = fakes.shop
        stock = {row["PK"]["S"]: row for row in shop.rows(STOCK)}
        payments = [row for row in shop.rows(PAYMENTS) if row["SK"]["S"] == "PAYMENT"]
        return cls(
            orders=orders,
            decided={row["PK"]["S"]: row["status"]["S"] for row in shop.rows(ORDERS)},
            messages={
                order.order_id: {
                    (message["channel"], message["value"]["message"])
                    for message in fakes.published
                    if message["id"] == order.order_id
                }
                for order in orders
            },
            paid={order_id: cents for order_id, cents in shop.ledger().items() if cents},
            payments={row["PK"]["S"].removeprefix("ORDER#"): row["state"]["S"] for row in payments},
            reservations={o.order_id: stock[f"ORDER#{o.order_id}"]["state"]["S"] for o in orders},
            shelves={item: shop.shelf(item) for item in ITEMS},
        )

    @property
    def confirmed(self) -> list[Order]:
        return [order for order in self.orders if self.decided[order.order_id] == CONFIRMED]

    def every_customer_got_the_decision(self) -> None:
        assert self.messages == {
            order.order_id: {(channel(order.customer), self.decided[order.order_id])}
            for order in self.orders
        }

    def only_confirmed_orders_are_paid_for(self) -> None:
        assert self.paid == {order.order_id: order.amount_cents for order in self.confirmed}
        charged = {order_id for order_id, state in self.payments.items() if state == CHARGED}
        assert charged == self.paid.keys()

    def only_confirmed_orders_have_stock(self) -> None:
        states = {CONFIRMED: COMMITTED, REFUNDED: RELEASED}
        assert self.reservations == {
            o.order_id: states[self.decided[o.order_id]] for o in self.orders
        }

    def counters_add_up(self) -> None:
        for item, (available, on_hand, _) in ITEMS.items():
            sold = sum(order.quantity for order in self.confirmed if order.item == item)
            expected = Shelf(available - sold, reserved=0, on_hand=on_hand - sold)
            assert self.shelves[item] == expected
            assert min(expected.available, expected.on_hand) >= 0
