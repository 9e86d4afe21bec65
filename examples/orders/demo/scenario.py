"""What the demo shows, one promise a function. Each raises `Broken` when it is not kept."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from .customer import ANSWER_SECONDS, Customer, Listener
from .shop import TEA, TEAPOT, Shop


class Broken(Exception):
    """The shop did not do what it promises; says what was expected and what came instead."""


async def decided_orders_reach_their_own_customers(
    console: Console, ann: Customer, bob: Customer
) -> Mapping[str, Any]:
    """Ann's order succeeds, Bob's fails after the payment. Returns Ann's message."""
    async with ann.online() as at_ann, bob.online() as at_bob:
        await _watch_own(ann, at_ann)
        await _watch_own(bob, at_bob)
        for_ann, for_bob = await ann.order(TEA.name), await bob.order(TEAPOT.name)
        console.print(f"Ann orders tea:      202, order {for_ann}")
        console.print(f"Bob orders a teapot: 202, order {for_bob}; it is not on the shelf\n")
        confirmed = await at_ann.message_about(for_ann)
        refunded = await at_bob.message_about(for_bob)
        await at_ann.settle()
        await at_bob.settle()
        for name, listener in (("Ann", at_ann), ("Bob", at_bob)):
            for message in listener.messages:
                console.print(f"{name} WS RECV {json.dumps(message)}", markup=False)
        _expect("Ann's messages", _told(at_ann.messages), [("confirmed", for_ann)])
        _expect("Bob's messages", _told(at_bob.messages), [("refunded", for_bob)])
        await _nobody_sees_what_is_anothers(ann, bob, at_bob, for_ann)
        console.print("\nNothing reached the wrong one, and Bob may not ask for it either.\n")
    _expect("the message's channel", refunded["realtime"]["channel"], bob.channel)
    return confirmed


async def _watch_own(customer: Customer, listener: Listener) -> None:
    reply = await listener.subscribe(customer.channel)
    _expect(f"{customer.name}'s subscription", reply["event"], "subscribed")


async def _nobody_sees_what_is_anothers(
    ann: Customer, bob: Customer, at_bob: Listener, order_of_ann: str
) -> None:
    refused = await at_bob.subscribe(ann.channel)
    _expect("Bob on Ann's channel", (refused["event"], refused.get("code")), ("error", "forbidden"))
    _expect("a ticket of Bob's for it", (await bob.ticket(ann.channel)).status_code, 403)
    _expect("Bob reading Ann's order", (await bob.read(order_of_ann)).status_code, 404)


async def what_happened_offline_is_told_on_reconnect(
    console: Console, shop: Shop, ann: Customer, last: Mapping[str, Any]
) -> None:
    """Ann's connection breaks while an order is decided; one more is, before she comes back."""
    async with ann.online() as at_ann:
        await _watch_own(ann, at_ann)
        first = await ann.order(TEAPOT.name)
    await until_told(shop, first)
    second = await ann.order(TEA.name)
    await until_told(shop, second)
    orders = [("refunded", first), ("confirmed", second)]
    console.print("Ann orders a teapot, goes offline, orders tea from elsewhere, and comes back:")
    since = {key: last["realtime"][key] for key in ("epoch", "version")}
    async with ann.online() as at_ann:
        reply = await at_ann.subscribe(ann.channel, since)
        console.print(f"\nAnn WS RECV {json.dumps({'realtime': reply})}\n", markup=False)
        _expect("her subscription", reply.get("recovered"), expected=True)
        recovered = reply["messages"]
        told = _told([message["value"] for message in recovered])
        _expect("what she is told", told, orders)
        numbers = [message["version"] for message in recovered]
        _expect("its numbers", numbers, [since["version"] + 1, since["version"] + 2])
        again = await at_ann.subscribe(ann.channel, {**since, "version": numbers[-1]})
        _expect("what she is told again", again["messages"], [])
        await at_ann.settle()
        _expect("what she is pushed besides", at_ann.messages, [])
    console.print("Recovered: each once, in order, none twice.")


async def until_told(shop: Shop, order_id: str) -> None:
    """Returns when the message about it is on the customer's channel, whoever listens."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not await asyncio.to_thread(shop.has_told, order_id):
        if time.monotonic() > deadline:
            raise Broken(f"order {order_id} should be decided within {ANSWER_SECONDS} s")
        await asyncio.sleep(0.05)


def _told(messages: list[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(message["message"], message["orderId"]) for message in messages]


def _expect(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise Broken(f"{what} should be {expected}, got {got}")
