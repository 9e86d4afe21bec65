"""The push client: posts one payload to many connections through API Gateway's management API.

It exists for speed: a post by boto3 costs about thirty times its CPU. Each connection has a result
of its own, and a slow or broken connection delays no other.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from .connections import Connection, Origin, Poller
from .pool import Pool, end
from .responses import Response
from .signature import Body, Credentials, Signer

ANSWER_SECONDS = 0.05
"""Time at the end of a batch for answers alone: a post that no answer confirms is sent again."""
OPENING_AT_ONCE = 32
"""A handshake is dear, and a socket that has its answer meanwhile takes the id."""
MAXIMUM_SOCKETS = 512
"""Of all batches together: half of the files that a Lambda function may have open."""
EXPIRE_SECONDS = 0.02
"""Interval at which deadlines are checked: one timer a batch in place of one a post."""
KEPT_SECONDS = 30
"""Age by the wall clock at which idle sockets are closed and the name is resolved again. A frozen
process sees no FIN, and its monotonic clock may stand still.
https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html: idle connections are purged."""


class Failure(Enum):
    """The reason why a post has no answer."""

    TIMEOUT = "timeout"
    NETWORK = "network"
    UNANSWERED = "unanswered"
    """Sent, but the batch's deadline came before the call's own: the post has probably arrived."""
    UNSTARTED = "unstarted"
    """The batch's deadline came first; nothing was sent."""


@dataclass(frozen=True)
class Answer:
    """An answer of API Gateway. The body explains an error, and is empty without one."""

    status: int
    body: bytes = b""


Result = Answer | Failure
_OK = Answer(200)


class PushClient:
    """Belongs to one event loop. Keep both across invocations, so that connections are reused.

    `credentials` is called again and again while a batch runs, so that it can refresh them in time.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        region: str,
        credentials: Callable[[], Credentials],
        concurrency: int = 64,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._origin = Origin(endpoint, tls)
        self._poller = Poller()
        self._signer = Signer(endpoint, region)
        self._credentials = credentials
        self.concurrency = concurrency
        self.batches: set[_Batch] = set()
        self.pool = Pool(maximum_late=concurrency)
        self._clock = clock
        self._used_at = clock()

    async def post_all(
        self,
        connection_ids: Sequence[str],
        data: bytes,
        *,
        call_seconds: float = 3.0,
        batch_seconds: float = 10.0,
    ) -> dict[str, Result]:
        """One result for each id. A cancellation closes the posts under way and sends no more."""
        if not self.batches and self._clock() - self._used_at > KEPT_SECONDS:
            self.pool.close()
            self._origin.resolve()
        limits = (call_seconds, batch_seconds)
        try:
            return await _Batch(self, connection_ids, Body.of(data), limits=limits).run()
        finally:
            self._used_at = self._clock()

    def close(self) -> None:
        self.pool.close()

    def sign(self, connection_id: str, body: Body) -> bytes:
        return self._signer.request(connection_id, body)

    def refresh(self) -> None:
        self._signer.prepare(self._credentials(), self._clock())

    @property
    def sockets(self) -> int:
        """Number that batches use or open."""
        return sum(batch.sockets for batch in self.batches)

    async def open(self) -> Connection:
        return Connection(await self._origin.open(), self._poller)


class _Batch:
    """One `post_all`. A connection that has its answer takes the next id."""

    def __init__(
        self, client: PushClient, ids: Iterable[str], body: Body, *, limits: tuple[float, float]
    ) -> None:
        self._client, self._body = client, body
        self._waiting = deque(dict.fromkeys(ids))
        self._results: dict[str, Result] = {}
        self._call_seconds, batch_seconds = limits
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + batch_seconds
        self._starts_until = self._ends - min(ANSWER_SECONDS, batch_seconds / 3)
        self._asked: dict[Connection, _Call] = {}
        self._opening: dict[asyncio.Task[Connection], _Call] = {}
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> dict[str, Result]:
        self._client.refresh()
        await self._client.pool.read_pending()
        expiring = self._loop.create_task(self.expire())
        expiring.add_done_callback(self.on_expire_end)
        try:
            self._client.batches.add(self)
            self.start_all()
            self.end_if_finished()
            await self._done
        finally:
            self._client.batches.discard(self)
            expiring.cancel()
            self.abandon()
        return self._results | dict.fromkeys(self._waiting, Failure.UNSTARTED)

    @property
    def sockets(self) -> int:
        return len(self._asked) + len(self._opening)

    def start_all(self) -> None:
        while self._waiting and self.sockets < self._client.concurrency:
            connection = self._client.pool.take()
            if connection is None:
                break
            self.start(connection)
        self.open_more()

    def open_more(self) -> None:
        """Opens sockets for the ids that wait: few where answers are fast, soon more where slow."""
        while (
            self._waiting
            and self._loop.time() < self._starts_until
            and len(self._opening) < OPENING_AT_ONCE
            and self.sockets < self._client.concurrency
            and (self.sockets == 0 or self._client.sockets < MAXIMUM_SOCKETS)
        ):
            self.start(None)

    def start(self, connection: Connection | None) -> None:
        """Gives the next id to the connection, or to a fresh one."""
        if not self._waiting or self._loop.time() >= self._starts_until:
            if connection:
                self._client.pool.idle.append(connection)
            return
        call = _Call(self._waiting.popleft(), self._loop.time() + self._call_seconds)
        if connection:
            self.ask(connection, call)
        else:
            self.open(call)

    def ask(self, connection: Connection, call: "_Call") -> None:
        self._asked[connection] = call
        connection.send(self._client.sign(call.connection_id, self._body), self.answered)

    def open(self, call: "_Call") -> None:
        call.fresh = True
        task = self._loop.create_task(self._client.open())
        self._opening[task] = call
        task.add_done_callback(self.opened)

    def opened(self, task: asyncio.Task[Connection]) -> None:
        call = self._opening.pop(task, None)
        if call is None:  # the batch or the call is over
            return
        if task.exception():
            self.record(call, Failure.NETWORK, None)
        else:
            self.ask(task.result(), call)
        self.open_more()

    def answered(self, connection: Connection, result: Response | Exception) -> None:
        call = self._asked.pop(connection)
        if isinstance(result, Response):
            answer = _OK if result.status == 200 else Answer(result.status, result.body)
            self.record(call, answer, None if connection.closed else connection)
        elif call.fresh or connection.heard:
            self.record(call, Failure.NETWORK, None)
        else:  # the peer had closed an idle connection before it read this post
            self.open(call)

    def record(self, call: "_Call", result: Result, connection: Connection | None) -> None:
        self._results[call.connection_id] = result
        self.start(connection)
        self.end_if_finished()

    def end_if_finished(self) -> None:
        if self._asked or self._opening or self._done.done():
            return
        if not self._waiting or self._loop.time() >= self._starts_until:
            self._done.set_result(None)

    async def expire(self) -> None:
        """Ends the calls whose time is over, and the batch at its deadline."""
        while (now := self._loop.time()) < self._ends:
            await asyncio.sleep(min(EXPIRE_SECONDS, self._ends - now))
            self._client.refresh()
            now = self._loop.time()
            self._client.pool.expire(now)
            for connection in [c for c, call in self._asked.items() if call.ends <= now]:
                connection.close()
                self.record(self._asked.pop(connection), Failure.TIMEOUT, None)
            for task in [t for t, call in self._opening.items() if call.ends <= now]:
                call = self._opening.pop(task)
                end(task)
                self.record(call, Failure.TIMEOUT, None)
        self.leave()
        self.end_if_finished()

    def on_expire_end(self, expiring: asyncio.Task[None]) -> None:
        """No call would time out any more, so the batch raises the error."""
        if not expiring.cancelled() and (error := expiring.exception()) and not self._done.done():
            self._done.set_exception(error)

    def leave(self) -> None:
        """At the batch's deadline: gives the calls whose own time is not over to the pool."""
        for connection, call in self._asked.items():
            self._results[call.connection_id] = Failure.UNANSWERED
            self._client.pool.leave(connection, call.ends)
        for task, call in self._opening.items():
            self._results[call.connection_id] = Failure.UNSTARTED
            self._client.pool.leave(task, call.ends)
        self._asked.clear()
        self._opening.clear()

    def abandon(self) -> None:
        """After a cancellation or an error, closes the calls under way."""
        for late in (*self._asked, *self._opening):
            end(late)
        self._asked.clear()
        self._opening.clear()


@dataclass(slots=True, eq=False)
class _Call:
    connection_id: str
    ends: float
    fresh: bool = False
    """Whether the connection was opened for this call, so that it cannot be a stale one."""
