"""The stock service: one step of the saga a call, each of them harmless to repeat."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from .. import environment
from . import rejection, stock_store

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .stock_store import StockStore

logger = Logger()


@dataclass(frozen=True)
class Environment:
    stock_table: str


@functools.cache
def _stock() -> StockStore:
    return stock_store.connect(environment.read(Environment).stock_table)


@logger.inject_lambda_context
def handler(event: Mapping[str, Any], _context: LambdaContext) -> Mapping[str, str]:
    """`event` is an action and the order as the saga carries it."""
    answer = act(_stock(), event["action"], event["order"])
    logger.info(event["action"], extra={"order_id": event["order"]["order_id"], **answer})
    return answer


def act(stock: StockStore, action: str, order: Mapping[str, Any]) -> Mapping[str, str]:
    try:
        match action:
            case "reserve":
                stock.reserve(order["order_id"], order["item"], order["quantity"])
            case "commit":
                stock.commit(order["order_id"])
            case "release":
                stock.release(order["order_id"])
            case _:
                raise ValueError(f"action must be reserve, commit or release, got {action!r}")
    except rejection.Rejected as rejected:
        return rejection.answer(rejected)
    return rejection.DONE
