"""The payment service: one step of the saga a call, each of them harmless to repeat."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from .. import environment
from . import payment_store, rejection

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .payment_store import PaymentStore

logger = Logger()


@dataclass(frozen=True)
class Environment:
    payments_table: str
    charge_limit_cents: int
    """The most that a card pays at once; a larger charge is declined."""


@functools.cache
def _environment() -> Environment:
    return environment.read(Environment)


@functools.cache
def _payments() -> PaymentStore:
    return payment_store.connect(_environment().payments_table)


@logger.inject_lambda_context
def handler(event: Mapping[str, Any], _context: LambdaContext) -> Mapping[str, str]:
    """`event` is an action and the order as the saga carries it."""
    limit = _environment().charge_limit_cents
    answer = act(_payments(), event["action"], event["order"], charge_limit_cents=limit)
    logger.info(event["action"], extra={"order_id": event["order"]["order_id"], **answer})
    return answer


def act(
    payments: PaymentStore, action: str, order: Mapping[str, Any], *, charge_limit_cents: int
) -> Mapping[str, str]:
    try:
        match action:
            case "charge":
                if order["amount_cents"] > charge_limit_cents:
                    raise rejection.Rejected("declined")
                payments.charge(order["order_id"], order["customer"], order["amount_cents"])
            case "refund":
                payments.refund(order["order_id"])
            case _:
                raise ValueError(f"action must be charge or refund, got {action!r}")
    except rejection.Rejected as rejected:
        return rejection.answer(rejected)
    return rejection.DONE
