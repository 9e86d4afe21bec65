"""The sockets of the push client that no batch uses: idle ones, and those that are still waiting.

Nothing is read while no batch runs, nor while the process is frozen between two invocations: what
came meanwhile is read when the next batch begins.
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
        """What a batch left behind, still waiting for an answer or a handshake, and until when."""

    def take(self) -> Connection | None:
        while self.idle:
            connection = self.idle.pop()
            if not connection.closed:
                return connection
        return None

    def leave(self, late: "Connection | asyncio.Task[Connection]", until: float) -> None:
        """Keeps what is under way, to be reused: a new socket costs far more than a post."""
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
        """How many sockets wait for what a batch had no time for."""
        return len(self._late)

    async def catch_up(self) -> None:
        """Reads what came since the loop ran last: answers, and the end of idle sockets."""
        if self._late or self.idle:
            await asyncio.sleep(0)  # the loop looks for what is readable
            await asyncio.sleep(0)  # and tells of it
        self.sweep(asyncio.get_running_loop().time())

    def sweep(self, now: float) -> None:
        """Ends what was left behind and has had its time."""
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
        self.sweep(math.inf)


def end(late: Connection | asyncio.Task[Connection]) -> None:
    if isinstance(late, Connection):
        late.close()
        return
    late.cancel()
    late.add_done_callback(_close_if_opened)  # it may have opened before it could be cancelled


def _close_if_opened(task: asyncio.Task[Connection]) -> None:
    if not task.cancelled() and not task.exception():
        task.result().close()
