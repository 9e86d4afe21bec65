"""What the redirect lets a click expect of its link's figures."""

import time
from datetime import timedelta

import pytest
from cachetools import TTLCache

from handlers.shortener import redirect
from handlers.shortener.click import day_of, from_body
from handlers.shortener.link import Link
from handlers.shortener.store import LinkStore
from handlers.shortener.tally import Tally
from tests.adapters.shortener.bus import TAKEN, TARGET, Peer, follow, make, nobody, peer, way

pytestmark = pytest.mark.usefixtures("fresh_redirect")


def expected(peer: Peer) -> list[Tally | None]:
    """By the clicks that a bus was sent."""
    return [from_body(request["Entries"][0]["Detail"]).expected for request in peer.bodies]


def test_a_click_expects_what_was_read_and_the_clicks_sent_since(
    links: LinkStore, open_way: Peer
) -> None:
    today = day_of(time.time_ns() // 1_000_000)
    read = Link(
        code="first",
        target=TARGET,
        owner="ada",
        clicks=7,
        day=today - timedelta(days=1),
        day_clicks=3,
        created_at=1,
    )
    links.create(read)
    for _ in range(3):
        follow()
    assert expected(open_way) == [
        read.tally,
        Tally(clicks=8, epoch=1, day=today, day_clicks=1),
        Tally(clicks=9, epoch=1, day=today, day_clicks=2),
    ]


def test_a_click_that_was_lost_is_not_expected(
    links: LinkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(links)
    with way(monkeypatch, nobody(), nobody()):
        follow()
    with peer(TAKEN) as bus, way(monkeypatch, bus.url, nobody()):
        follow()
    assert expected(bus) == [Tally(clicks=0, epoch=1)]


def test_clicks_do_not_keep_a_link_in_the_cache_for_longer(
    links: LinkStore, open_way: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.time()]
    cache = TTLCache[str, redirect.Cached](maxsize=9, ttl=10, timer=lambda: now[0])
    monkeypatch.setattr(redirect, "_cache", lambda: cache)
    make(links)
    follow()
    links.delete("first", owner="ada")
    now[0] += 9
    assert follow()["statusCode"] == 302
    now[0] += 2
    assert follow()["statusCode"] == 410
    assert len(open_way.bodies) == 2
