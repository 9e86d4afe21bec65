"""A customer's browser: it orders over HTTP, and listens with a ticket.

A ticket opens one connection. The token that it is requested with never stands in an address.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx
import jwt
import websockets
from websockets.asyncio.client import ClientConnection

ANSWER_SECONDS = 30
"""Generous, because the first call of each function is a cold start."""

Position = Mapping[str, int]


class Silence(Exception):
    """An expected frame did not arrive in time."""


@dataclass
class Listener:
    """One connection, and every frame that came over it that is not a reply."""

    socket: ClientConnection
    messages: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    async def message_about(self, order_id: str) -> Mapping[str, Any]:
        """The message about an order, in the form of the application's own object."""
        while not (found := [m for m in self.messages if m.get("orderId") == order_id]):
            await self._next(f"a message about order {order_id}")
        return found[0]

    async def subscribe(self, channel: str, since: Position | None = None) -> Mapping[str, Any]:
        """The reply's control frame, an error's too."""
        wish = {"action": "subscribe", "channel": channel, **({"since": since} if since else {})}
        return await self._ask(wish)

    async def settle(self) -> None:
        """Returns when every earlier frame has arrived."""
        await self._ask({"action": "ping"})

    async def _ask(self, wish: Mapping[str, Any]) -> Mapping[str, Any]:
        await self.socket.send(json.dumps(wish))
        while (reply := await self._next(f"a reply to {wish}")) is None:
            pass
        return reply

    async def _next(self, expected: str) -> Mapping[str, Any] | None:
        """A reply's control frame; any other frame is kept as a message."""
        try:
            text = await asyncio.wait_for(self.socket.recv(), ANSWER_SECONDS)
        except TimeoutError as error:
            raise Silence(f"expected {expected} within {ANSWER_SECONDS} s") from error
        frame: dict[str, Any] = json.loads(text)
        if "event" in frame.get("realtime", {}):
            return frame["realtime"]
        self.messages.append(frame)
        return None


@dataclass
class Customer:
    """A signed-in customer of the deployed shop. `async with` keeps the HTTP connection."""

    name: str
    email: str
    password: str
    token: str
    api_url: str
    endpoint: str
    _http: httpx.AsyncClient = field(init=False)

    async def __aenter__(self) -> Self:
        headers = {"authorization": f"Bearer {self.token}"}
        self._http = httpx.AsyncClient(
            base_url=self.api_url, headers=headers, timeout=ANSWER_SECONDS
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def channel(self) -> str:
        claims = jwt.decode(self.token, options={"verify_signature": False})
        return f"user:{quote(claims['sub'], safe='')}"

    async def post_order(self, **order: Any) -> httpx.Response:
        return await self._http.post("/orders", json=order)

    async def order(self, item: str, quantity: int = 1) -> str:
        """Id of an order that was accepted."""
        answer = await self.post_order(item=item, quantity=quantity)
        answer.raise_for_status()
        return answer.json()["order_id"]

    async def read(self, order_id: str) -> httpx.Response:
        return await self._http.get(f"/orders/{order_id}")

    async def ticket(self, *channels: str) -> httpx.Response:
        return await self._http.post("/tickets", json={"channels": list(channels)})

    @asynccontextmanager
    async def online(self) -> AsyncGenerator[Listener]:
        """A connection by a ticket of its own, which watches nothing yet."""
        ticket = (await self.ticket(self.channel)).raise_for_status().json()["ticket"]
        async with websockets.connect(f"{self.endpoint}?{urlencode({'ticket': ticket})}") as socket:
            yield Listener(socket)
