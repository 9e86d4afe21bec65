import asyncio
from collections import Counter

import pytest

from bench.scale import clock
from bench.scale.parameters import LARGE, SMALL, Parameters, Region
from bench.scale.simulate import ONE, simulate, stream
from bench.scale.world import Gateway, Watchers

PARAMETERS = Parameters()


def test_an_hour_of_sleep_takes_no_time_and_comes_in_order() -> None:
    woken = list[tuple[float, str]]()

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((clock.now(), name))

    async def both() -> None:
        await asyncio.gather(sleeper("hour", 3600), sleeper("minute", 60))

    clock.run(both())
    assert woken == [(60, "minute"), (3600, "hour")]


def test_waiting_for_what_never_comes_is_an_error_and_no_hang() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(clock.NothingLeft):
        clock.run(forever())


def test_the_account_takes_a_burst_and_then_its_rate() -> None:
    async def granted() -> list[int]:
        gateway = Gateway(Region("small", 100, 50), Counter())
        first = gateway.take(80)
        await asyncio.sleep(0.1)
        after = [gateway.take(80), gateway.take(1)]
        await asyncio.sleep(60)
        return [first, *after, gateway.take(80)]

    assert clock.run(granted()) == [50, 10, 0, 50]


def test_others_are_refused_what_posts_have_taken() -> None:
    async def refused() -> Counter[str]:
        counts = Counter[str]()
        gateway = Gateway(Region("small", 100, 50, others_requests_per_second=100), counts)
        others = asyncio.get_running_loop().create_task(gateway.serve_others())
        await asyncio.sleep(0.505)
        gateway.take(50)
        await asyncio.sleep(0.5)
        others.cancel()
        return counts

    counts = clock.run(refused())
    assert counts["others"] == 100
    assert 0 < counts["others_refused"] < 10


def test_watchers_are_done_when_each_has_the_number_or_a_higher_one() -> None:
    async def look() -> Watchers:
        watchers = Watchers(4)
        watchers.wait_for([2])
        for _ in range(3):
            watchers.click(0)
        watchers.see(0, 1, 2)
        watchers.see(0, 2, 3)
        await asyncio.sleep(1)
        watchers.see(0, 4, 1)
        watchers.see(2, 2, 3)
        return watchers

    watchers = clock.run(look())
    assert (watchers.half_at, watchers.all_at) == (0, 1)
    assert (watchers.shown, watchers.shown_seconds) == (12, 6)


@pytest.mark.parametrize("region", [LARGE, SMALL])
@pytest.mark.parametrize("watchers", [1, 200, 201, 3_000])
def test_everybody_sees_the_last_number_and_nobody_is_throttled(
    region: Region, watchers: int
) -> None:
    found = simulate("ours", region, watchers, stream(10, 5), PARAMETERS)
    assert found["watchers_without"] == 0
    assert found.get("refused", 0) == 0
    assert not [name for name in found if name.startswith("raised_")]
    assert found["posts"] < 50 * watchers or watchers == 1


def test_one_click_costs_one_post_a_watcher_in_both_designs() -> None:
    for design in ("ours", "naive"):
        assert simulate(design, LARGE, 1_000, ONE, PARAMETERS)["posts"] == 1_000


def test_the_naive_design_loses_watchers_that_no_run_has_time_for() -> None:
    short = Parameters(naive_timeout_seconds=1)
    found = simulate("naive", LARGE, 10_000, ONE, short)
    assert found["watchers_without"] > 5_000
    assert found["timeouts"] >= 1


def test_the_same_simulation_gives_the_same_figures() -> None:
    runs = [simulate("ours", SMALL, 500, stream(10, 3), PARAMETERS) for _ in range(2)]
    assert runs[0] == runs[1]
