"""The deployed shop on the local cloud: real tickets, sockets, functions and executions."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from rich.console import Console

from examples.orders.demo import scenario
from examples.orders.demo.customer import Customer, Listener
from examples.orders.demo.run import customer
from examples.orders.demo.shop import PIANO, TEA, TEAPOT, VASE, Shop, deploy_shop
from localcloud import server

pytestmark = pytest.mark.xdist_group("e2e")
ORIGIN = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with server() as endpoint, closing(deploy_shop(endpoint, ORIGIN)) as shop:
        yield shop


@asynccontextmanager
async def listening(shop: Shop, name: str) -> AsyncGenerator[tuple[Customer, Listener]]:
    """A new customer, watching their own channel."""
    async with customer(shop, name) as buyer, buyer.online() as listener:
        assert (await listener.subscribe(buyer.channel))["event"] == "subscribed"
        yield buyer, listener


def ledger(shop: Shop, order_id: str) -> list[int]:
    rows = shop.client("dynamodb").query(
        TableName=shop.exports["payments_table"],
        KeyConditionExpression="PK = :order AND begins_with(SK, :ledger)",
        ExpressionAttributeValues={
            ":order": {"S": f"ORDER#{order_id}"},
            ":ledger": {"S": "LEDGER"},
        },
        ConsistentRead=True,
    )["Items"]
    return [int(row["amountCents"]["N"]) for row in rows]


def reservation_of(shop: Shop, order_id: str) -> str:
    row = shop.client("dynamodb").get_item(
        TableName=shop.exports["stock_table"],
        Key={"PK": {"S": f"ORDER#{order_id}"}},
        ConsistentRead=True,
    )["Item"]
    return row["state"]["S"]


@pytest.mark.parametrize(
    ("item", "name", "message", "paid", "reservation"),
    [
        (TEA.name, "Tilda", "confirmed", [450], "committed"),
        (TEAPOT.name, "Teo", "refunded", [3_900, -3_900], "released"),
        (PIANO.name, "Piet", "refunded", [], "released"),
        (VASE.name, "Vera", "refunded", [], "released"),
    ],
)
def test_an_order_ends_as_its_item_decides_and_the_books_agree(
    shop: Shop, item: str, name: str, message: str, paid: list[int], reservation: str
) -> None:
    async def order() -> tuple[int, str, Any, Any]:
        async with listening(shop, name) as (buyer, listener):
            answer = await buyer.post_order(item=item, quantity=1)
            order_id = answer.json()["order_id"]
            received = await listener.message_about(order_id)
            return answer.status_code, order_id, received, (await buyer.read(order_id)).json()

    status, order_id, received, read = asyncio.run(order())
    assert (status, received["message"], read["status"]) == (202, message, message)
    assert received.keys() == {"message", "orderId", "realtime"}
    assert ledger(shop, order_id) == paid
    assert reservation_of(shop, order_id) == reservation


def test_an_order_that_is_sent_and_executed_again_is_charged_and_published_once(shop: Shop) -> None:
    async def order() -> tuple[set[int], list[Any]]:
        async with listening(shop, "Dora") as (dora, listener):
            wish = {"order_id": "dora-order-1", "item": TEA.name, "quantity": 2}
            answers = await asyncio.gather(*(dora.post_order(**wish) for _ in range(5)))
            await listener.message_about("dora-order-1")
            await scenario.until_published(shop, execute_again(shop, "dora-order-1"))
            following = await dora.order(TEA.name)
            await listener.message_about(following)
            received = [m for m in listener.messages if m["orderId"] == "dora-order-1"]
            return {answer.status_code for answer in answers}, received

    statuses, received = asyncio.run(order())
    assert statuses == {202}
    assert [message["message"] for message in received] == ["confirmed"]
    assert ledger(shop, "dora-order-1") == [900]


def execute_again(shop: Shop, order_id: str) -> str:
    """As an operator would: with the same input, by another name."""
    functions, machine = shop.client("stepfunctions"), shop.exports["state_machine_arn"]
    first = machine.replace(":stateMachine:", ":execution:") + f":{order_id}"
    given = functions.describe_execution(executionArn=first)["input"]
    functions.start_execution(stateMachineArn=machine, name=f"{order_id}-again", input=given)
    return f"{order_id}-again"


def test_two_customers_hear_of_their_own_orders_also_after_being_offline(
    shop: Shop,
) -> None:
    console = Console(quiet=True)

    async def scenes() -> None:
        async with customer(shop, "Ann") as ann, customer(shop, "Bob") as bob:
            last = await scenario.decided_orders_reach_their_own_customers(console, ann, bob)
            await scenario.missed_decisions_come_on_reconnect(console, shop, ann, last)

    asyncio.run(scenes())


def test_a_customer_without_a_token_can_neither_order_nor_listen(shop: Shop) -> None:
    async def statuses() -> tuple[int, int]:
        exports = shop.exports
        stranger = Customer("Stranger", "", "", "nonsense", exports["api_url"], exports["endpoint"])
        async with stranger:
            ordered = await stranger.post_order(item=TEA.name, quantity=1)
            return ordered.status_code, (await stranger.ticket()).status_code

    assert asyncio.run(statuses()) == (401, 401)
