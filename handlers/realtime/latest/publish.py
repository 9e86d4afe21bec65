"""Publishes a value on a `latest` channel: written at once, pushed at most once an interval.

Whoever claims the channel pushes; whoever finds it held joins, and the first to join sends the
flush that ends the hold. Only a strictly newer value stops a publisher: with an equal one it goes
on, because the attempt that wrote it may have died before it pushed.
"""

from collections.abc import Sequence

from .. import protocol
from ..channels import Rule, UnknownChannel
from ..delivery.engine import Engine, Published, Push
from ..delivery.fan_out import fan_out
from ..delivery.tasks import Flush
from ..model import Claim, Claimed, Held, Join, Joined, MissingEpoch, Superseded, Update

__all__ = ["Published", "Update", "flush", "publish"]

LONGEST_DELAY_SECONDS = 900
"""SQS delays a message no longer."""


async def publish(
    engine: Engine, update: Update, tokens: Sequence[str], max_wait_ms: int = 0
) -> Published:
    """Returns when the value is pushed, or when a task that will push it is in the queue.

    A hold that ends within `max_wait_ms` is waited for: that saves the task, its queue and its
    worker, and costs the caller the time.

    `tokens` are the ids of all the messages whose handling leads to this update: one of them that
    died after it had armed a flush finds its id and sends the flush, in whatever batch it comes
    again. Raises `UnknownChannel`, `protocol.InvalidValue` and `protocol.TooLarge` before any call,
    `MissingEpoch`, with which nothing is written and delivering again changes nothing, and
    `Misconfigured` and what store and queue raise; then the messages must be delivered again.
    """
    rule = _rule(engine, update.channel)
    protocol.check(update)
    written: Claim | Join = await _claim(engine, update, rule)
    if isinstance(written, Held) and (wait_ms := written.until - engine.now_ms()) <= max_wait_ms:
        # Once at most: a channel that is held again has other publishers.
        await engine.sleep(max(0, wait_ms) / 1000)
        written = await _claim(engine, update, rule)
    if isinstance(written, Held):
        written = await engine.store.join(update, tokens[0])
    if isinstance(written, Claimed):
        return await fan_out(engine, Push.of(written.state))
    # Also before a refusal: an earlier attempt may have joined and died.
    await _send_flush(engine, rule, update.channel, written, tokens)
    if isinstance(written, Joined):
        return Published(conflated=True)
    if update.epoch == 0 and written.epoch:
        raise MissingEpoch(
            f"an update of {update.channel} must give an epoch, as the channel's value has one, "
            f"{written.epoch}: without it no version is newer; make all of its publishers give one"
        )
    return Published(stale=True)


async def _claim(engine: Engine, update: Update, rule: Rule) -> Claim:
    return await engine.store.claim(update, engine.now_ms(), rule.min_interval_ms)


async def flush(engine: Engine, task: Flush) -> Published:
    """Pushes what is there, unless somebody else has disarmed it meanwhile.

    Whoever that was pushes what had joined, or dies and is delivered again. Where it was an
    earlier delivery of this flush, that may be the one that died.
    """
    rule = _rule(engine, task.channel)
    # The queue delays by whole seconds.
    wait_ms = min(task.due - engine.now_ms(), 1000)
    if wait_ms > 0:
        await engine.sleep(wait_ms / 1000)
    now_ms, interval_ms = engine.now_ms(), rule.min_interval_ms
    state = await engine.store.flush(task.channel, task.token, now_ms, interval_ms)
    return await fan_out(engine, Push.of(state)) if state else Published()


async def _send_flush(
    engine: Engine, rule: Rule, channel: str, seen: Joined | Superseded, tokens: Sequence[str]
) -> None:
    """Sends it if it is ours: nobody else does."""
    if seen.armed is None or seen.armed not in tokens:
        return
    now_ms = engine.now_ms()
    # At most the interval: a hold that is longer was written by a clock that is ahead.
    due = min(seen.hold, now_ms + (seen.interval_ms or rule.min_interval_ms))
    delay = min(max(0, due - now_ms) // 1000, LONGEST_DELAY_SECONDS)
    await engine.queue.send([Flush(channel, seen.armed, due)], delay_seconds=delay)


def _rule(engine: Engine, channel: str) -> Rule:
    rule = engine.rules.find(channel)
    if rule is None or rule.delivery != "latest":
        raise UnknownChannel(
            f"a rule with delivery latest must match the channel, got {channel!r}; "
            "add one to the channel rules"
        )
    return rule
