"""The messages that a returning subscriber missed, whole or not at all.

To be read after the subscriber's row is written: from then on messages are pushed to it, so that a
message that the reply lacks arrives by a push. A reply has no gaps; instead of one it is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import protocol
from ..model import LogMessage, Position
from ..ports import LogStore

REPLY_BYTES = 24 * 1024
"""Of messages in one reply. A larger message comes alone: also then a reply fits into a frame."""


@dataclass(frozen=True)
class Recovery:
    end: Position | None
    """Of the newest message; None if the channel has had none."""
    recovered: bool = False
    """Whether the messages follow the subscriber's position without a gap."""
    messages: tuple[LogMessage, ...] = ()
    more: bool = False
    """Whether the channel has more of them than a reply holds."""


async def recover(
    log: LogStore,
    channel: str,
    since: Position | None,
    *,
    now_ms: int,
    limit_bytes: int = REPLY_BYTES,
) -> Recovery:
    """Nothing without `since`; with its version 0 all the history there is, of any epoch."""
    end = await log.read_end(channel)
    if since is None or end is None:
        return Recovery(end, recovered=since is not None and since.version == 0)
    if since.version and (since.epoch != end.epoch or since.version > end.version):
        return Recovery(end)
    found, until = await _unexpired(
        log, channel, (since.version, end.version), now_ms=now_ms, limit_bytes=limit_bytes
    )
    first = since.version + 1
    if since.version == 0:
        found = _last_run(found)
        first = until + 1 - len(found)
    if [message.number for message in found] != list(range(first, until + 1)):
        return Recovery(end)
    messages = _fitting(found, limit_bytes)
    more = bool(messages) and messages[-1].number < end.version
    return Recovery(end, recovered=True, messages=messages, more=more)


async def _unexpired(
    log: LogStore, channel: str, bounds: tuple[int, int], *, now_ms: int, limit_bytes: int
) -> tuple[list[LogMessage], int]:
    """The unexpired messages after the first bound, and the number up to which they were read.

    Reads to the second bound, or until there is more than a reply holds.
    """
    after, until = bounds
    found: list[LogMessage] = []
    read_bytes = 0
    while after < until:
        page = await log.read_messages(channel, after, until)
        unexpired = [message for message in page.messages if message.expires_at * 1000 > now_ms]
        found += unexpired
        read_bytes += sum(map(_bytes, unexpired))
        if page.after is None:
            break
        after = page.after
        if read_bytes > limit_bytes:
            return found, after
    return found, until


def _last_run(messages: list[LogMessage]) -> list[LogMessage]:
    """The messages after the last gap in their numbers."""
    start = 0
    for index in range(1, len(messages)):
        if messages[index].number != messages[index - 1].number + 1:
            start = index
    return messages[start:]


def _fitting(messages: Sequence[LogMessage], limit_bytes: int) -> tuple[LogMessage, ...]:
    """As many as the limit allows, and one in any case: otherwise no subscriber would get on."""
    left = limit_bytes
    for count, message in enumerate(messages):
        left -= _bytes(message)
        if left < 0:
            return tuple(messages[: max(count, 1)])
    return tuple(messages)


def _bytes(message: LogMessage) -> int:
    """With the comma after it."""
    return len(protocol.encoded(protocol.entry(message))) + 1
