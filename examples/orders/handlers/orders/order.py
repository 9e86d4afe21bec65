"""An order, the saga's input and the customer's channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

PLACED, CONFIRMED, REFUNDED = "placed", "confirmed", "refunded"


@dataclass(frozen=True)
class Order:
    order_id: str
    customer: str
    """The `sub` of its customer."""
    item: str
    quantity: int
    amount_cents: int
    placed_at: int
    """In ms."""
    status: str = PLACED
    """Placed, then confirmed or refunded; only the saga's two decisions move it on."""

    def same_wish(self, other: Order) -> bool:
        mine = (self.order_id, self.customer, self.item, self.quantity)
        return mine == (other.order_id, other.customer, other.item, other.quantity)

    def saga_input(self) -> dict[str, Any]:
        """Equal for equal orders: Step Functions then takes a second start for the first."""
        return {
            "order_id": self.order_id,
            "customer": self.customer,
            "channel": channel(self.customer),
            "item": self.item,
            "quantity": self.quantity,
            "amount_cents": self.amount_cents,
        }


def channel(customer: str) -> str:
    """The customer's own channel. Characters that no channel has are percent-encoded."""
    return f"user:{quote(customer, safe='')}"
