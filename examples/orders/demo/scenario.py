"""The scenes of the demo. Each raises `Broken` if the shop does not behave as it should."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from .customer import ANSWER_SECONDS, Customer, Listener
from .shop import TEA, TEAPOT, Shop


class Broken(Exception):
    """The shop misbehaved. The text has the expected and the actual value."""


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
        _expect("Ann's messages", _decisions(at_ann.messages), [("confirmed", for_ann)])
        _expect("Bob's messages", _decisions(at_bob.messages), [("refunded", for_bob)])
        await _bob_sees_nothing_of_anns(ann, bob, at_bob, for_ann)
        console.print("\nNo message reached the wrong customer, and Bob cannot ask for Ann's.\n")
    _expect("the message's channel", refunded["realtime"]["channel"], bob.channel)
    return confirmed


async def _watch_own(customer: Customer, listener: Listener) -> None:
    reply = await listener.subscribe(customer.channel)
    _expect(f"{customer.name}'s subscription", reply["event"], "subscribed")


async def _bob_sees_nothing_of_anns(
    ann: Customer, bob: Customer, at_bob: Listener, order_of_ann: str
) -> None:
    rejected = await at_bob.subscribe(ann.channel)
    _expect(
        "Bob on Ann's channel", (rejected["event"], rejected.get("code")), ("error", "forbidden")
    )
    _expect("a ticket of Bob's for it", (await bob.ticket(ann.channel)).status_code, 403)
    _expect("Bob reading Ann's order", (await bob.read(order_of_ann)).status_code, 404)


async def missed_decisions_come_on_reconnect(
    console: Console, shop: Shop, ann: Customer, last: Mapping[str, Any]
) -> None:
    """Ann's connection breaks while an order is decided; one more is, before she comes back."""
    async with ann.online() as at_ann:
        await _watch_own(ann, at_ann)
        first = await ann.order(TEAPOT.name)
    await until_published(shop, first)
    second = await ann.order(TEA.name)
    await until_published(shop, second)
    orders = [("refunded", first), ("confirmed", second)]
    console.print("Ann orders a teapot, goes offline, orders tea from elsewhere, and comes back:")
    since = {key: last["realtime"][key] for key in ("epoch", "version")}
    async with ann.online() as at_ann:
        reply = await at_ann.subscribe(ann.channel, since)
        console.print(f"\nAnn WS RECV {json.dumps({'realtime': reply})}\n", markup=False)
        _expect("her subscription", reply.get("recovered"), expected=True)
        recovered = reply["messages"]
        decisions = _decisions([message["value"] for message in recovered])
        _expect("the messages that she missed", decisions, orders)
        numbers = [message["version"] for message in recovered]
        _expect("its numbers", numbers, [since["version"] + 1, since["version"] + 2])
        again = await at_ann.subscribe(ann.channel, {**since, "version": numbers[-1]})
        _expect("the messages of a second reply", again["messages"], [])
        await at_ann.settle()
        _expect("pushes besides the reply", at_ann.messages, [])
    console.print("Recovered: each once, in order, none twice.")


async def until_published(shop: Shop, order_id: str) -> None:
    """Returns when the order's message is on the customer's channel."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not await asyncio.to_thread(shop.has_published, order_id):
        if time.monotonic() > deadline:
            raise Broken(f"order {order_id} should be decided within {ANSWER_SECONDS} s")
        await asyncio.sleep(0.05)


def _decisions(messages: list[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(message["message"], message["orderId"]) for message in messages]


def _expect(subject: str, got: object, expected: object) -> None:
    if got != expected:
        raise Broken(f"{subject} should be {expected}, got {got}")
