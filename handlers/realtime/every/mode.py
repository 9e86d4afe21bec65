"""`modes.Mode` of an `every` channel: each message gets one number and is posted to everyone.

The publisher's source must deliver a message again until `publish` returns: the attempt that
numbered it may have died before its posts, and then only the next attempt makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import aws
from .. import protocol
from ..delivery.fan_out import fan_out
from ..engine import Engine, Tables
from ..model import (
    LogMessage,
    Position,
    Published,
    Range,
    Rejected,
    Request,
    Retry,
    State,
    Update,
)
from ..modes import Missing
from ..ports import Appended, Duplicate, Moved
from .recovery import Recovery, recover

ACCEPTED_SECONDS = 28 * 86_400
"""The age of the oldest message that is taken. An older one could have a number already, under an
id that is no longer known: see `log_store.ID_SECONDS`."""
ATTEMPTS = 10
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5


class Contended(Exception):
    """Other publishers kept taking the channel's next number."""


@dataclass(frozen=True)
class Every:
    def admit(self, request: Request, now_ms: int) -> Update:
        if request.id is None:
            raise Rejected(
                "missing_id",
                "an `every` channel needs an id: a message may come twice and is numbered once",
            )
        at = request.sent_at if request.at is None else request.at
        if at < now_ms - ACCEPTED_SECONDS * 1000:
            raise Rejected(
                "too_old",
                f"at must be at most {ACCEPTED_SECONDS // 86_400} days ago and in milliseconds, "
                f"got {at}: an older id is not known any more, and might get a second number",
            )
        protocol.check_value(request.value)
        # The number is not known yet, and no position is longer than this one.
        longest = protocol.LARGEST_INTEGER
        protocol.push(State(request.channel, longest, longest, request.value, longest))
        return Update(request.channel, request.value, version=0, at=at, id=request.id)

    async def publish(
        self,
        engine: Engine,
        update: Update,
        tokens: Sequence[str],  # noqa: ARG002 - the modes' signature
        max_wait_ms: int = 0,  # noqa: ARG002 - the modes' signature
    ) -> Published:
        """A duplicate is pushed again with its number, if the message is still kept.

        Raises `Contended`.
        """
        outcome = await self._number(engine, update)
        position = outcome.position
        if isinstance(outcome, Duplicate):
            message = await engine.log.read_message(update.channel, position.version)
            # A log that began anew may have given the number to another id.
            if message is None or message.id != update.id:
                return Published(stale=True)
            return await fan_out(engine, self, _state(update.channel, position.epoch, message))
        state = State(update.channel, position.epoch, position.version, update.value, update.at)
        return await fan_out(engine, self, state)

    async def snapshot(self, tables: Tables, request: protocol.Subscribe, now_ms: int) -> str:
        """The messages that the subscriber missed, without a gap, or none."""
        found = await recover(tables.log, request.channel, request.since, now_ms=now_ms)
        return replied(request, found)

    async def missing(self, tables: Tables, task: Range | Retry, now_ms: int) -> Missing:
        channel, position = task.channel, task.position
        end = await tables.log.read_end(channel)
        if end is None:
            return Missing()
        if isinstance(task, Retry) and task.span:
            after = position.version if position and position.epoch == end.epoch else 0
            return await self._after(tables, channel, (after, end), now_ms)
        if position and position.epoch != end.epoch:  # the numbering began anew
            return Missing()
        number = position.version if position else end.version
        message = await tables.log.read_message(channel, number)
        return Missing((_state(channel, end.epoch, message),)) if message else Missing()

    async def position(self, tables: Tables, channel: str) -> Position | None:
        return await tables.log.read_end(channel)

    async def adapt_interval(
        self, engine: Engine, state: State, subscribers: int | None, *, is_all: bool = True
    ) -> None:
        """Every message is pushed, so there is no interval."""

    async def _number(self, engine: Engine, update: Update) -> Appended | Duplicate:
        expires_at = engine.now_ms() // 1000 + engine.limits.history_seconds
        for attempt in range(ATTEMPTS):
            if attempt:
                await engine.sleep(
                    aws.full_jitter(
                        attempt, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS
                    )
                )
            end = await engine.log.read_end(update.channel) or Position(engine.now_ms(), 0)
            outcome = await engine.log.append(end, update, expires_at)
            if not isinstance(outcome, Moved):
                return outcome
        raise Contended(
            f"the channel {update.channel} must stand still for one transaction and moved in each "
            f"of {ATTEMPTS} attempts; publish a channel's messages through one FIFO group"
        )

    async def _after(
        self, tables: Tables, channel: str, bounds: tuple[int, Position], now_ms: int
    ) -> Missing:
        """The first page that has unexpired messages."""
        after, end = bounds
        while True:
            page = await tables.log.read_messages(channel, after, end.version)
            kept = [message for message in page.messages if message.expires_at * 1000 > now_ms]
            if kept or page.after is None:
                states = [_state(channel, end.epoch, message) for message in kept]
                return Missing(states, more=page.after is not None)
            after = page.after


def replied(request: protocol.Subscribe, found: Recovery) -> str:
    position = {"epoch": found.end.epoch, "version": found.end.version} if found.end else {}
    return protocol.subscribed(
        request,
        **position,
        recovered=found.recovered,
        more=found.more,
        messages=[protocol.entry(message) for message in found.messages],
    )


def _state(channel: str, epoch: int, message: LogMessage) -> State:
    return State(channel, epoch, message.number, message.value, message.at)
