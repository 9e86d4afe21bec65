"""What the saga's tasks act on, and what its books must say once every execution has ended."""

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
        parking_queue_url="parking",
    )
)
# Item -> pieces that may be promised, pieces on the shelf, price.
ITEMS = {
    "plenty": (100, 100, 100),
    "scarce": (4, 4, 100),
    "miscounted": (100, 2, 100),
    "dear": (100, 100, 2_000),
}


@dataclass
class World:
    """A shop, and what was said to its customers and left to its operators."""

    shop: Shop
    told: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    parked: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    def __post_init__(self) -> None:
        for item, (available, on_hand, price_cents) in ITEMS.items():
            self.shop.put_item(item, available, on_hand=on_hand, price_cents=price_cents)

    def execution(self, order: Order, name: str) -> Execution:
        return Execution(DOCUMENT, name, order.saga_input(), self.call)

    def restart(self, executions: list[Execution]) -> int:
        """What operators do once the trouble is over; how many it was."""
        ends = {execution.ended for execution in executions}
        assert ends <= {"succeeded", "OrderParked"}, ends
        stuck = [execution for execution in executions if execution.ended == "OrderParked"]
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
                queue = self.told if parameters["QueueUrl"] == "publish" else self.parked
                return queue.append(parameters["MessageBody"])
            case other:
                raise AssertionError(f"the saga calls {other}, which this world has not")

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
    told: Mapping[str, set[tuple[str, str]]]
    """Channel and message, of all messages about an order."""
    paid: Mapping[str, int]
    """Without those that sum up to nothing."""
    payments: Mapping[str, str]
    held: Mapping[str, str]
    shelves: Mapping[str, Shelf]

    @classmethod
    def of(cls, world: World, orders: list[Order]) -> "Books":
        shop = world.shop
        stock = {row["PK"]["S"]: row for row in shop.rows(STOCK)}
        payments = [row for row in shop.rows(PAYMENTS) if row["SK"]["S"] == "PAYMENT"]
        return cls(
            orders=orders,
            decided={row["PK"]["S"]: row["status"]["S"] for row in shop.rows(ORDERS)},
            told={
                order.order_id: {
                    (message["channel"], message["value"]["message"])
                    for message in world.told
                    if message["id"] == order.order_id
                }
                for order in orders
            },
            paid={order_id: cents for order_id, cents in shop.ledger().items() if cents},
            payments={row["PK"]["S"].removeprefix("ORDER#"): row["state"]["S"] for row in payments},
            held={o.order_id: stock[f"ORDER#{o.order_id}"]["state"]["S"] for o in orders},
            shelves={item: shop.shelf(item) for item in ITEMS},
        )

    @property
    def confirmed(self) -> list[Order]:
        return [order for order in self.orders if self.decided[order.order_id] == CONFIRMED]

    def everybody_was_told_what_was_decided(self) -> None:
        assert self.told == {
            order.order_id: {(channel(order.customer), self.decided[order.order_id])}
            for order in self.orders
        }

    def only_confirmed_orders_are_paid_for(self) -> None:
        assert self.paid == {order.order_id: order.amount_cents for order in self.confirmed}
        charged = {order_id for order_id, state in self.payments.items() if state == CHARGED}
        assert charged == self.paid.keys()

    def only_confirmed_orders_hold_stock(self) -> None:
        states = {CONFIRMED: COMMITTED, REFUNDED: RELEASED}
        assert self.held == {o.order_id: states[self.decided[o.order_id]] for o in self.orders}

    def figures_add_up(self) -> None:
        for item, (available, on_hand, _) in ITEMS.items():
            sold = sum(order.quantity for order in self.confirmed if order.item == item)
            expected = Shelf(available - sold, reserved=0, on_hand=on_hand - sold)
            assert self.shelves[item] == expected
            assert min(expected.available, expected.on_hand) >= 0
