"""The sockets of the push client that no batch uses: idle ones, and ones that await an answer.

Their answers are read when the next batch begins: between batches no loop runs, and between
invocations Lambda freezes the process.
"""

import asyncio
import math

from .connections import Connection
from .responses import Response


class Pool:
    def __init__(self, maximum_late: int) -> None:
        self.idle: list[Connection] = []
        self._maximum_late = maximum_late
        self._late: dict[Connection | asyncio.Task[Connection], float] = {}
        """Calls and handshakes that outlive their batch, and when each must end."""

    def take(self) -> Connection | None:
        while self.idle:
            connection = self.idle.pop()
            if not connection.closed:
                return connection
        return None

    def leave(self, late: "Connection | asyncio.Task[Connection]", until: float) -> None:
        """Keeps a call under way for its socket: a new one costs far more than a post."""
        if len(self._late) >= self._maximum_late:
            oldest = next(iter(self._late))
            del self._late[oldest]
            end(oldest)
        self._late[late] = until
        if isinstance(late, Connection):
            late.answer_to(self._answered_late)
        else:
            late.add_done_callback(self._opened_late)

    @property
    def waiting(self) -> int:
        """Number of sockets that await an answer or a handshake."""
        return len(self._late)

    async def read_pending(self) -> None:
        """Reads the answers, and the ends of idle sockets, that came since the loop ran last."""
        if self._late or self.idle:
            await asyncio.sleep(0)  # the loop polls the sockets
            await asyncio.sleep(0)  # and calls their readers
        self.expire(asyncio.get_running_loop().time())

    def expire(self, now: float) -> None:
        """Ends the calls and handshakes whose time is over."""
        for late in [late for late, until in self._late.items() if until <= now]:
            del self._late[late]
            end(late)

    def _answered_late(self, connection: Connection, _: Response | Exception) -> None:
        if self._late.pop(connection, None) and not connection.closed:
            self.idle.append(connection)

    def _opened_late(self, task: asyncio.Task[Connection]) -> None:
        if self._late.pop(task, None) and not task.cancelled() and not task.exception():
            self.idle.append(task.result())

    def close(self) -> None:
        for connection in self.idle:
            connection.close()
        self.idle.clear()
        self.expire(math.inf)


def end(late: Connection | asyncio.Task[Connection]) -> None:
    if isinstance(late, Connection):
        late.close()
        return
    late.cancel()
    late.add_done_callback(_close_if_opened)  # it may have opened before it could be cancelled


def _close_if_opened(task: asyncio.Task[Connection]) -> None:
    if not task.cancelled() and not task.exception():
        task.result().close()
