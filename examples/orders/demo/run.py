"""Deploys the shop and shows two customers the status of their orders.

It is a test too: a missing, wrong or misdirected message ends it with exit code 1.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing

from rich.console import Console

from localcloud import server

from .customer import Customer, Silence
from .page_server import PageServer, page_server
from .scenario import (
    Broken,
    decided_orders_reach_their_own_customers,
    missed_decisions_come_on_reconnect,
)
from .shop import STACK, Shop, deploy_shop


def run(console: Console, *, once: bool) -> int:
    """Returns the exit code: 0 if every scene went right."""
    started = time.perf_counter()
    try:
        with server() as endpoint, page_server() as page:
            console.print(f"Local cloud started in {time.perf_counter() - started:.1f} s")
            with closing(_deploy(console, endpoint, page)) as shop:
                ann, bob = customer(shop, "Ann"), customer(shop, "Bob")
                asyncio.run(_show(console, shop, ann, bob))
            console.print(f"\nAll of it took {time.perf_counter() - started:.1f} s.")
            if not once:
                _invite(console, page, ann)
    except (Broken, Silence) as error:
        console.print(f"[bold red]Failed:[/] {error}")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left behind.")
    return 0


def customer(shop: Shop, name: str) -> Customer:
    email = f"{name.lower()}@example.com"
    password, token = shop.sign_up(email)
    return Customer(
        name=name,
        email=email,
        password=password,
        token=token,
        api_url=shop.exports["api_url"],
        endpoint=shop.exports["endpoint"],
    )


def _deploy(console: Console, endpoint: str, page: PageServer) -> Shop:
    created: Counter[str] = Counter()
    with console.status("Deploying") as status:

        def progress(kind: str, name: str, seconds: float) -> None:
            created[name.partition("-")[0]] += 1
            kind = kind.rpartition(":")[2]
            status.update(f"Deploying: {created.total()} made, {kind} {name} in {seconds:.2f} s")

        shop = deploy_shop(endpoint, page.origin, progress)
    parts = ", ".join(f"{name} {count}" for name, count in sorted(created.items()))
    console.print(
        f"Stack [bold]{STACK}[/] deployed in {shop.seconds:.1f} s: "
        f"{shop.resources} resources ({parts})"
    )
    page.publish_config(page_config(shop))
    return shop


def page_config(shop: Shop) -> Mapping[str, str]:
    """Where the page finds the API, the socket and the sign-in."""
    return {
        "apiUrl": shop.exports["api_url"],
        "endpoint": shop.exports["endpoint"],
        "signInUrl": f"{shop.endpoint}/",
        "userPoolClientId": shop.exports["user_pool_client_id"],
    }


async def _show(console: Console, shop: Shop, ann: Customer, bob: Customer) -> None:
    async with ann, bob:
        console.print("Ann and Bob signed in; each opens a WebSocket by a ticket\n")
        last = await decided_orders_reach_their_own_customers(console, ann, bob)
        await missed_decisions_come_on_reconnect(console, shop, ann, last)


def _invite(console: Console, page: PageServer, ann: Customer) -> None:
    console.print(
        f"\nThe checkout page is at {page.origin}/. Sign in and order yourself:\n\n"
        f"  email     {ann.email}\n  password  {ann.password}\n\n"
        f"Ctrl-C stops everything and removes it.\n",
        markup=False,
    )
    while True:
        time.sleep(3600)
