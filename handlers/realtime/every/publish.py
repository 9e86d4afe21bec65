"""Publishing on an `every` channel: an event is numbered once, then brought to all who watch.

Whoever publishes must be called again until this returns: the attempt that numbered an event may
have died before it posted it, and then only the next attempt does.
"""

from ... import aws
from .. import protocol
from ..delivery.engine import Engine, Published, Push
from ..delivery.fan_out import fan_out
from ..model import State
from .log import Appended, Event, Known, LogMessage, LogStore, Moved, Sequence

__all__ = ["Contended", "Event", "LogStore", "publish_event"]

ATTEMPTS = 10
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5


class Contended(Exception):
    """Others kept taking the channel's next number."""


async def publish_event(engine: Engine, event: Event, *, history_seconds: int) -> Published:
    """An id that has a number already is pushed again with that number, if it is still kept.

    Raises `protocol.InvalidValue`, `protocol.TooLarge` and `protocol.TooOld` before any call,
    `Contended`, and what the ports raise; then the caller's source must deliver the event again.
    """
    now_ms = engine.now_ms()
    protocol.check_event(event, now_ms)
    match await _number(engine, event, now_ms // 1000 + history_seconds):
        case Appended(epoch, number):
            return await fan_out(engine, numbered(event.channel, epoch, number, event))
        case Known(epoch, number):
            message = await engine.log.read_message(event.channel, number)
            # A log that began anew may have given the number to another id.
            if message is None or message.id != event.id:
                return Published(stale=True)
            return await fan_out(engine, numbered(event.channel, epoch, number, message))


def numbered(channel: str, epoch: int, number: int, message: Event | LogMessage) -> Push:
    """The frame of a message that has its number. Raises `protocol.TooLarge`."""
    return Push.of(State(channel, epoch, number, message.value, message.at), message=number)


async def _number(engine: Engine, event: Event, expires_at: int) -> Appended | Known:
    for attempt in range(ATTEMPTS):
        if attempt:
            await engine.sleep(
                aws.full_jitter(attempt, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS)
            )
        sequence = await engine.log.read_sequence(event.channel)
        outcome = await engine.log.append(
            sequence or Sequence(engine.now_ms(), number=0), event, expires_at
        )
        if not isinstance(outcome, Moved):
            return outcome
    raise Contended(
        f"the channel {event.channel} must stand still for one transaction and moved in each of "
        f"{ATTEMPTS} attempts; publish a channel's events through one FIFO group"
    )
