"""Whatever queue and processes do, the number is right in the end and the last one published."""

import random
from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.clicks.counting import Aggregator, Eviction, Message
from tests.fakes.clicks import CrashError, Fault, MemoryClicks, click, run

CODES = ("first", "other")
MIDNIGHT = 1_763_769_600_000
NOW = MIDNIGHT + 90_000_000

# Small, so that ids leave early and clicks come late.
EVICTION = Eviction(at=3, least=2, young_ms=500, most=5)

# Three days, of which the link's is the second.
moments = st.sampled_from([-86_400_000, -1000, 0, 1000, 86_400_000]).map(lambda ms: MIDNIGHT + ms)
Drawn = tuple[str, int, int]
clicks = st.lists(
    st.tuples(st.sampled_from(CODES), moments, st.integers(1, 3)),
    min_size=1,
    max_size=12,
)
faults = st.lists(st.sampled_from(list(Fault)), max_size=40)
dice = st.randoms(use_true_random=False)


def messages_of(drawn: Sequence[Drawn]) -> list[Message]:
    return [
        Message(
            f"{number}-{copy}",
            click(number, at=at, code=code),
        )
        for number, (code, at, copies) in enumerate(drawn)
        for copy in range(copies)
    ]


def deliver(
    messages: Sequence[Message], store: MemoryClicks, die: random.Random, *, deleting: str = ""
) -> None:
    """Delivers in batches of any size and order, again and again, until all is acknowledged.

    To two processes in turn; one that dies forgets what it knew.
    """
    waiting = list(messages)
    while waiting:
        die.shuffle(waiting)
        size = die.randint(1, 10)
        batch, waiting = waiting[:size], waiting[size:]
        if deleting and die.random() < 0.3:
            store.delete(deleting)
        try:
            aggregator = Aggregator(store, store.publish, store.pause, EVICTION)
            report = run(aggregator.aggregate(batch, now_ms=NOW))
        except CrashError:
            waiting += batch
        else:
            waiting += [message for message in batch if message.id in report.failed]


@given(clicks, faults, dice)
@settings(max_examples=500)
def test_every_click_counts_once_on_its_own_day_and_the_true_total_is_published_last(
    drawn: list[Drawn], faults: list[Fault], die: random.Random
) -> None:
    store = MemoryClicks(*CODES, faults=faults)
    messages = messages_of(drawn)
    deliver(messages, store, die)

    distinct = {message.click for message in messages}
    totals = Counter(click.code for click in distinct)
    assert {code: link.clicks for code, link in store.links.items() if link.clicks} == totals
    assert store.days == Counter((click.code, click.day) for click in distinct)
    for code in CODES:
        assert store.remembered(code) == sorted(c.key for c in distinct if c.code == code)
    assert store.ahead == []
    last = {update.channel: update for update in store.published}
    assert {channel: update.version for channel, update in last.items()} == {
        f"link:{code}": total for code, total in totals.items()
    }
    assert all(
        update.value == {"code": update.channel.removeprefix("link:"), "clicks": update.version}
        for update in store.published
    )


@given(clicks, faults, dice)
@settings(max_examples=300)
def test_a_link_deleted_in_between_keeps_a_consistent_count_and_blocks_no_message(
    drawn: list[Drawn], faults: list[Fault], die: random.Random
) -> None:
    store = MemoryClicks(*CODES, faults=faults)
    deliver(messages_of(drawn), store, die, deleting=CODES[0])

    for code, link in store.links.items():
        remembered = len(store.remembered(code))
        by_day = sum(n for (of, _), n in store.days.items() if of == code)
        assert link.clicks == remembered == by_day
    assert store.ahead == []
    assert store.links[CODES[1]].clicks == sum(code == CODES[1] for code, *_ in drawn)


@given(clicks, dice)
def test_without_faults_the_report_accounts_for_every_message(
    drawn: list[Drawn], die: random.Random
) -> None:
    store = MemoryClicks(CODES[0])
    messages = messages_of(drawn)
    die.shuffle(messages)
    report = run(
        Aggregator(store, store.publish, store.pause, EVICTION).aggregate(messages, now_ms=NOW)
    )

    assert report.failed == []
    assert report.counted + report.duplicates + report.on_deleted_link == len(messages)
    assert report.counted == store.links[CODES[0]].clicks
