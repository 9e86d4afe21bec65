"""Brings a channel's new value to everybody who watches it.

The state is written before the subscribers are read (see `subscriptions`). Only a strictly newer
state stops a publisher: with an equal one it goes on, because the attempt that wrote it may have
died before it posted.
"""

from collections import Counter
from dataclasses import dataclass

from . import wire
from .ports import Outcome, Posts, Store, Subscription, Update
from .subscriptions import disconnect

__all__ = ["Published", "Update", "publish"]

HANDSHAKE_MS = 60_000
"""Authorizer and $connect may take 29 seconds each, and only then does a connection take posts."""


@dataclass(frozen=True)
class Published:
    stale: bool = False
    """A newer value is there; nothing was posted. Whoever wrote that one posts it."""
    subscribers: int = 0
    delivered: int = 0
    gone: int = 0
    """Connections that have ended; their rows are deleted."""
    failed: int = 0
    handshaking: int = 0
    """Connections that answer 410 because they may still be opening; their rows are kept."""


async def publish(
    store: Store, posts: Posts, update: Update, *, api_id: str, now_ms: int
) -> Published:
    """A failed post is counted and harms no other.

    Raises `wire.InvalidValue` and `wire.TooLarge` before any call, `Misconfigured`, and
    what the store raises; then the caller's source must deliver the update again.
    """
    wire.check(update)
    state = await store.write_state(update)
    if state is None:
        return Published(stale=True)
    subscriptions = await _watching(store, update.channel, api_id, now_ms)
    outcomes = await posts.post_all(list(subscriptions), wire.push(state))
    gone = [subscriptions[key] for key, outcome in outcomes.items() if outcome is Outcome.GONE]
    ended = [subscription for subscription in gone if not _may_be_opening(subscription, now_ms)]
    for subscription in ended:
        await disconnect(store, subscription.connection_id, also=[update.channel])
    counts = Counter(outcomes.values())
    return Published(
        subscribers=len(subscriptions),
        delivered=counts[Outcome.DELIVERED],
        gone=len(ended),
        failed=counts[Outcome.FAILED],
        handshaking=len(gone) - len(ended),
    )


async def _watching(
    store: Store, channel: str, api_id: str, now_ms: int
) -> dict[str, Subscription]:
    """By connection id. Another API's connections would all look gone from here: left out."""
    found: dict[str, Subscription] = {}
    after: str | None = None
    while True:
        page = await store.subscriptions(channel, after)
        for subscription in page.subscriptions:
            if subscription.api_id == api_id and subscription.expires_at * 1000 > now_ms:
                found[subscription.connection_id] = subscription
        if page.after is None:
            return found
        after = page.after


def _may_be_opening(subscription: Subscription, now_ms: int) -> bool:
    return subscription.via == "connect" and now_ms - subscription.connected_at < HANDSHAKE_MS
