"""What a subscriber of an `every` channel missed.

To be read after the subscriber's row is written: from then on messages are pushed to it, so that
whatever a reply lacks arrives by a push. A reply has no gaps; where it would have one, it is empty.
"""

from collections.abc import Sequence as Several

from .. import protocol
from .log import LogMessage, LogStore, Recovery

REPLY_BYTES = 24 * 1024
"""Of messages in one reply. One that is larger comes alone: also then a reply fits into a frame."""


async def recover(
    log: LogStore,
    channel: str,
    since: protocol.Since | None,
    *,
    now_ms: int,
    limit_bytes: int = REPLY_BYTES,
) -> Recovery:
    """Nothing without `since`; with its version 0 whatever history there is, of any epoch."""
    sequence = await log.read_sequence(channel)
    if since is None or sequence is None:
        return Recovery(sequence, recovered=since is not None and since.version == 0)
    if since.version and (since.epoch != sequence.epoch or since.version > sequence.number):
        return Recovery(sequence)
    found, until = await _unexpired(
        log, channel, (since.version, sequence.number), now_ms=now_ms, limit_bytes=limit_bytes
    )
    first = since.version + 1
    if since.version == 0:
        found = _last_run(found)
        first = until + 1 - len(found)
    if [message.number for message in found] != list(range(first, until + 1)):
        return Recovery(sequence)
    messages = _fitting(found, limit_bytes)
    more = bool(messages) and messages[-1].number < sequence.number
    return Recovery(sequence, recovered=True, messages=messages, more=more)


async def _unexpired(
    log: LogStore, channel: str, bounds: tuple[int, int], *, now_ms: int, limit_bytes: int
) -> tuple[list[LogMessage], int]:
    """What is left after the first bound, and up to where that was read.

    Reads to the second bound, or until there is more than a reply holds.
    """
    after, until = bounds
    found: list[LogMessage] = []
    read_bytes = 0
    while after < until:
        page = await log.read_messages(channel, after, until)
        unexpired = [message for message in page.messages if message.expires_at * 1000 > now_ms]
        found += unexpired
        read_bytes += sum(protocol.entry_bytes(message) for message in unexpired)
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


def _fitting(messages: Several[LogMessage], limit_bytes: int) -> tuple[LogMessage, ...]:
    """As many as the limit allows, and one in any case: otherwise nobody would ever get on."""
    left = limit_bytes
    for count, message in enumerate(messages):
        left -= protocol.entry_bytes(message)
        if left < 0:
            return tuple(messages[: max(count, 1)])
    return tuple(messages)
