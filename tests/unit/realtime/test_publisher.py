import asyncio
from typing import Any, Literal

import pytest

from handlers.realtime.ports import Connection, Misconfigured, Outcome, State, Subscription
from handlers.realtime.publisher import Published, Update, publish
from handlers.realtime.wire import TooLarge
from tests.doubles.realtime import MemoryPosts, MemoryStore

NOW = 1_763_787_600_123
EPOCH = 1_763_787_000_000
CHANNEL = "link:a"
EXPIRES = NOW // 1000 + 7200


def clicks(number: int, epoch: int | None = EPOCH, at: int = NOW) -> Update:
    return Update(CHANNEL, {"clicks": number}, number, at, epoch)


def watcher(
    store: MemoryStore,
    connection_id: str,
    *channels: str,
    via: Literal["connect", "subscribe"] = "subscribe",
    **fields: Any,
) -> None:
    row: dict[str, Any] = {"connected_at": NOW, "expires_at": EXPIRES, "api_id": "api", **fields}
    watched = channels or (CHANNEL,)
    store.connections[connection_id] = Connection(
        connection_id, "anonymous", row["connected_at"], row["expires_at"], frozenset(watched)
    )
    for channel in watched:
        store.rows[channel, connection_id] = Subscription(connection_id, via=via, **row)


def send(store: MemoryStore, posts: MemoryPosts, update: Update) -> Published:
    return asyncio.run(publish(store, posts, update, api_id="api", now_ms=NOW))


def test_every_subscriber_on_every_page_receives_the_frame() -> None:
    store, posts = MemoryStore(page_size=2), MemoryPosts()
    for number in range(5):
        watcher(store, f"c{number}")
    watcher(store, "elsewhere", "link:b")
    assert send(store, posts, clicks(4)) == Published(subscribers=5, delivered=5)
    frame = {
        "clicks": 4,
        "realtime": {"channel": CHANNEL, "epoch": EPOCH, "version": 4, "at": NOW},
    }
    assert posts.frames == {f"c{number}": [frame] for number in range(5)}


def test_a_channel_nobody_watches_still_gets_its_state() -> None:
    store = MemoryStore()
    assert send(store, MemoryPosts(), clicks(4)) == Published()
    assert store.states[CHANNEL] == State(CHANNEL, EPOCH, 4, {"clicks": 4}, NOW)


@pytest.mark.parametrize("older", [clicks(3), clicks(9, EPOCH - 1), clicks(3, None)])
def test_a_stale_version_changes_nothing_and_posts_nothing(older: Update) -> None:
    store, posts = MemoryStore(), MemoryPosts()
    watcher(store, "c")
    send(store, posts, clicks(4))
    before = dict(store.states)
    assert send(store, posts, older) == Published(stale=True)
    assert store.states == before
    assert len(posts.frames["c"]) == 1


def test_an_equal_version_is_posted_again() -> None:
    store, posts = MemoryStore(), MemoryPosts()
    watcher(store, "c")
    send(store, posts, clicks(4))
    assert send(store, posts, clicks(4)).delivered == 1


def test_a_new_epoch_starts_afresh_however_small_its_version() -> None:
    store = MemoryStore()
    send(store, MemoryPosts(), clicks(400))
    assert not send(store, MemoryPosts(), clicks(1, EPOCH + 1)).stale
    assert store.states[CHANNEL].version == 1


def test_without_an_epoch_the_state_keeps_its_own() -> None:
    store = MemoryStore()
    send(store, MemoryPosts(), clicks(1, epoch=None, at=NOW))
    send(store, MemoryPosts(), clicks(2, epoch=None, at=NOW + 5))
    assert (store.states[CHANNEL].epoch, store.states[CHANNEL].version) == (NOW, 2)


def test_an_expired_row_and_another_apis_row_are_neither_posted_to_nor_deleted() -> None:
    store, posts = MemoryStore(), MemoryPosts()
    watcher(store, "expired", expires_at=NOW // 1000)
    watcher(store, "foreign", api_id="other")
    assert send(store, posts, clicks(1)) == Published()
    assert {connection_id for _, connection_id in store.rows} == {"expired", "foreign"}


def test_a_gone_connection_loses_exactly_its_own_rows() -> None:
    store, posts = MemoryStore(), MemoryPosts({"gone": Outcome.GONE})
    watcher(store, "gone", CHANNEL, "link:b")
    watcher(store, "there", CHANNEL, "link:b")
    assert send(store, posts, clicks(1)) == Published(subscribers=2, delivered=1, gone=1)
    assert set(store.connections) == {"there"}
    assert set(store.rows) == {(CHANNEL, "there"), ("link:b", "there")}


def test_a_row_that_outlived_its_connection_is_deleted() -> None:
    store, posts = MemoryStore(), MemoryPosts({"gone": Outcome.GONE})
    watcher(store, "gone")
    del store.connections["gone"]
    assert send(store, posts, clicks(1)).gone == 1
    assert not store.rows


@pytest.mark.parametrize(
    ("via", "age_ms", "kept"),
    [("connect", 59_999, 1), ("connect", 60_000, 0), ("subscribe", 0, 0)],
)
def test_only_a_connection_that_may_still_be_opening_is_kept(
    via: Literal["connect", "subscribe"], age_ms: int, kept: int
) -> None:
    store, posts = MemoryStore(), MemoryPosts({"c": Outcome.GONE})
    watcher(store, "c", via=via, connected_at=NOW - age_ms)
    expected = Published(subscribers=1, gone=1 - kept, handshaking=kept)
    assert send(store, posts, clicks(1)) == expected
    assert len(store.rows) == len(store.connections) == kept


def test_one_failed_post_harms_nobody() -> None:
    store, posts = MemoryStore(), MemoryPosts({"b": Outcome.FAILED})
    for connection_id in "abc":
        watcher(store, connection_id)
    assert send(store, posts, clicks(1)) == Published(subscribers=3, delivered=2, failed=1)
    assert set(posts.frames) == {"a", "c"}
    assert set(store.connections) == {"a", "b", "c"}


def test_a_misconfigured_publisher_deletes_nothing() -> None:
    store, posts = MemoryStore(), MemoryPosts()
    posts.misconfigured = True
    watcher(store, "c")
    with pytest.raises(Misconfigured):
        send(store, posts, clicks(1))
    assert store.rows


def test_what_is_too_large_is_refused_before_any_call() -> None:
    store = MemoryStore()
    with pytest.raises(TooLarge):
        send(store, MemoryPosts(), Update(CHANNEL, {"x": "e" * 4096}, 1, NOW))
    assert not store.states
