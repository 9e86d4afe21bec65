from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.resources.regions import Figures, regions
from components.stack.demand import bursts, demand, executions, posts_per_second
from components.stack.limits import Place, Refusal, capacity, refusals, violations
from components.stack.region_settings import (
    Caps,
    Concurrency,
    ExpectedLoad,
    Push,
    Raise,
    Raised,
    RegionSettings,
    Reserved,
    Strict,
    Throttle,
)

DEFAULTS = regions().regions["eu-west-1"].defaults
HERE = Place(region="eu-west-1", stack="dev")
AMPLE = Figures(**{field.name: 10**12 for field in fields(Figures)})
PLAN = RegionSettings(
    throttle=Throttle(redirects_per_second=100, messages_per_second=100, connects_per_second=50),
    push=Push(posts_per_second=2_500, min_interval_ms=200),
    concurrency=Concurrency(aggregators=5, workers=10),
    caps=Caps(subscriptions=100, payload_bytes=4_096),
    expected_load=ExpectedLoad(watched_links=20, watchers_per_link=10, clicks_per_second=10),
    manage_api_gateway_account=True,
)


def built(model: type[Strict], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`st.builds` would take the aliases in the model's signature for more members."""
    return st.fixed_dictionaries(members).map(model.model_validate)


sizes = st.integers(1, 20_000)
optional = st.none() | st.integers(1, 2_000)
plans: st.SearchStrategy[RegionSettings] = built(
    RegionSettings,
    throttle=built(
        Throttle, redirects_per_second=sizes, messages_per_second=sizes, connects_per_second=sizes
    ),
    push=built(
        Push, posts_per_second=st.integers(500, 50_000), min_interval_ms=st.integers(0, 60_000)
    ),
    concurrency=built(
        Concurrency,
        aggregators=st.integers(2, 1_000),
        workers=st.integers(2, 1_000),
        reserved=built(Reserved, aggregate=optional, fan_out=optional, publish=optional),
    ),
    caps=st.just(Caps(subscriptions=100, payload_bytes=4_096)),
    expected_load=built(
        ExpectedLoad, watched_links=sizes, watchers_per_link=sizes, clicks_per_second=sizes
    ),
    manage_api_gateway_account=st.booleans(),
)
capacities = st.builds(Figures, **{field.name: st.integers(1, 50_000) for field in fields(Figures)})
quotas = st.sampled_from(sorted(demand(PLAN)))


def changed(plan: RegionSettings, path: str, value: Any) -> RegionSettings:
    """A copy with one setting, `group.field`, set."""
    group, _, name = path.partition(".")
    return plan.model_copy(update={group: getattr(plan, group).model_copy(update={name: value})})


def about(found: list[Refusal]) -> set[str]:
    return {refusal.about for refusal in found}


def test_a_plan_that_fits_is_not_refused() -> None:
    assert violations(PLAN, DEFAULTS, HERE) == []


@given(plans, capacities, quotas, st.integers(0, 50_000))
def test_a_raised_quota_adds_no_refusal(
    plan: RegionSettings, allowed: Figures, quota: str, more: int
) -> None:
    raised = replace(allowed, **{quota: getattr(allowed, quota) + more})
    assert about(violations(plan, raised, HERE)) <= about(violations(plan, allowed, HERE))


@given(plans, capacities)
def test_an_exceeded_quota_is_refused_and_one_that_is_met_is_not(
    plan: RegionSettings, allowed: Figures
) -> None:
    found = about(violations(plan, allowed, HERE))
    for quota, wanted in demand(plan).items():
        assert (quota in found) == (wanted > getattr(allowed, quota))


@given(plans, capacities, st.sampled_from(sorted(ExpectedLoad.model_fields)), sizes)
def test_a_smaller_load_adds_no_refusal(
    plan: RegionSettings, allowed: Figures, what: str, smaller: int
) -> None:
    less = changed(plan, f"expected_load.{what}", min(smaller, getattr(plan.expected_load, what)))
    before, after = (about(violations(p, allowed, HERE)) for p in (plan, less))
    # Fewer links for the same clicks make each of them busier, and never more posts in all.
    assert after <= before


@given(plans, st.sampled_from(sorted(Throttle.model_fields)), sizes)
def test_a_larger_budget_mends_what_it_is_for_and_breaks_no_other_setting(
    plan: RegionSettings, name: str, more: int
) -> None:
    larger = changed(plan, f"throttle.{name}", getattr(plan.throttle, name) + more)
    alias = Throttle.model_fields[name].alias
    before, after = (about(violations(p, AMPLE, HERE)) for p in (plan, larger))
    broken = after - before
    assert f"throttle.{alias}" not in broken
    # Connects are messages: more of them can want more of those.
    assert broken <= ({"throttle.messagesPerSecond"} if name == "connects_per_second" else set())


@given(plans)
def test_ten_times_the_time_between_pushes_takes_no_more_posts(plan: RegionSettings) -> None:
    interval = plan.push.min_interval_ms
    less = posts_per_second(plan.expected_load, interval * 10)
    assert less <= posts_per_second(plan.expected_load, interval) + 1e-9


@given(
    st.lists(st.integers(0, 1_000), min_size=1, max_size=50),
    st.integers(1, 100),
    st.integers(1, 5_000),
)
def test_no_other_spread_of_the_clicks_takes_more_posts_than_the_even_one(
    clicks: list[int], watchers: int, interval_ms: int
) -> None:
    total = max(1, sum(clicks))
    even = ExpectedLoad(
        watched_links=len(clicks), watchers_per_link=watchers, clicks_per_second=total
    )
    spread = sum(watchers * min(rate, 1000 / interval_ms) for rate in clicks)
    assert spread <= posts_per_second(even, interval_ms) * (1 + 1e-9)


@given(plans, st.integers(2, 10_000))
def test_bursts_stay_within_the_regions_and_within_a_second_of_their_rates(
    plan: RegionSettings, burst: int
) -> None:
    found = bursts(plan, replace(AMPLE, api_burst=burst))
    assert sum(found.values()) <= burst + 1  # one request each at least
    assert 1 <= found["redirects"] <= plan.throttle.redirects_per_second
    assert 1 <= found["messages"] <= plan.throttle.messages_per_second


def test_posts_are_watchers_times_clicks_until_the_interval_conflates_them() -> None:
    quiet = ExpectedLoad(watched_links=100, watchers_per_link=10, clicks_per_second=50)
    busy = ExpectedLoad(watched_links=1, watchers_per_link=10, clicks_per_second=50)
    assert posts_per_second(quiet, 200) == 500
    assert posts_per_second(busy, 200) == 50
    assert posts_per_second(busy, 0) == 500


@given(plans, st.sampled_from(sorted(Raised.model_fields)), st.integers(1, 10**6))
def test_a_quota_that_is_asked_for_counts_only_once_it_is_granted(
    plan: RegionSettings, quota: str, value: int
) -> None:
    def allowed(granted: bool) -> Figures:  # noqa: FBT001 - the two cases
        raised = Raised().model_copy(update={quota: Raise(value=value, granted=granted)})
        return capacity(DEFAULTS, raised)

    assert allowed(granted=False) == DEFAULTS
    assert allowed(granted=True) == replace(DEFAULTS, **{quota: value})
    assert violations(plan, allowed(granted=False), HERE) == violations(plan, DEFAULTS, HERE)


def test_a_refusal_says_that_what_would_do_is_not_granted_and_how_to_ask() -> None:
    asked = Raised(api_requests_per_second=Raise(value=20_000))
    plan = changed(PLAN, "throttle.redirects_per_second", 12_000).model_copy(
        update={"raised": asked}
    )
    (refusal,) = refusals({"eu-west-1": plan}, "dev")
    assert refusal.sentence.endswith(
        "20,000 is not granted yet. Ask with: realtime quotas --stack dev --region eu-west-1"
        " --request. Once AWS has agreed: pulumi config set --stack"
        " dev --path 'realtime:regions.eu-west-1.raised.apiRequestsPerSecond.granted' true"
    )
    granted = Raised(api_requests_per_second=Raise(value=20_000, granted=True))
    assert refusals({"eu-west-1": plan.model_copy(update={"raised": granted})}, "dev") == []


def test_asking_for_what_every_account_has_is_refused() -> None:
    plan = PLAN.model_copy(update={"raised": Raised(lambda_concurrency=Raise(value=1_000))})
    (refusal,) = refusals({"eu-west-1": plan}, "dev")
    assert "raised.lambdaConcurrency.value must be more than 1,000" in refusal.sentence


@pytest.mark.parametrize(
    ("path", "value", "setting"),
    [
        ("throttle.redirects_per_second", 9, "throttle.redirectsPerSecond"),
        ("throttle.messages_per_second", 49, "throttle.messagesPerSecond"),
        ("expected_load.clicks_per_second", 101, "throttle.redirectsPerSecond"),
        ("expected_load.watchers_per_link", 20_000, "throttle.connectsPerSecond"),
        ("expected_load.watchers_per_link", 5_000, "push.postsPerSecond"),
        ("expected_load.clicks_per_second", 200, "concurrency.aggregators"),
    ],
)
def test_a_load_beyond_the_stacks_own_budget_is_refused(
    path: str, value: int, setting: str
) -> None:
    found = violations(changed(PLAN, path, value), AMPLE, HERE)
    (refusal,) = (refusal for refusal in found if refusal.about == setting)
    assert f"--path 'realtime:regions.eu-west-1.{setting}' " in refusal.sentence


@pytest.mark.parametrize(
    ("reserved", "setting", "least"),
    [
        (Reserved(aggregate=4), "concurrency.reserved.aggregate", 5),
        (Reserved(fan_out=9), "concurrency.reserved.fanOut", 10),
        (Reserved(publish=19), "concurrency.reserved.publish", 20),
    ],
)
def test_fewer_executions_than_the_queue_starts_are_refused(
    reserved: Reserved, setting: str, least: int
) -> None:
    (refusal,) = violations(changed(PLAN, "concurrency.reserved", reserved), DEFAULTS, HERE)
    assert refusal.about == setting
    assert f"must be {least} or more" in refusal.sentence
    enough = Reserved(aggregate=5, fan_out=10, publish=20)
    assert violations(changed(PLAN, "concurrency.reserved", enough), DEFAULTS, HERE) == []


def test_a_hundred_executions_stay_unreserved() -> None:
    most = changed(PLAN, "concurrency.reserved", Reserved(aggregate=900))
    assert violations(most, DEFAULTS, HERE) == []
    one_more = changed(PLAN, "concurrency.reserved", Reserved(aggregate=901))
    assert about(violations(one_more, DEFAULTS, HERE)) == {"lambda_concurrency"}


def test_a_new_account_carries_a_plan_that_reserves_nothing() -> None:
    new = replace(DEFAULTS, lambda_concurrency=DEFAULTS.lambda_concurrency_of_new_accounts)
    assert violations(PLAN, new, HERE) == []
    reserving = changed(PLAN, "concurrency.reserved", Reserved(aggregate=5))
    assert about(violations(reserving, new, HERE)) == {"lambda_concurrency"}


def test_executions_are_arrivals_times_durations() -> None:
    load = ExpectedLoad(watched_links=1_000, watchers_per_link=72, clicks_per_second=100)
    assert executions(PLAN.model_copy(update={"expected_load": load})) == {
        "redirect": 5,
        "connect": 1,  # ten a second, of 70 ms
        "messages": 4,  # 150 heartbeats and 10 connects a second, of 20 ms
        "aggregate": 5,
        "fan_out": 3,  # 7,200 posts a second, 64 at a time, of 20 ms
    }


@given(st.dictionaries(st.sampled_from(sorted(regions().regions)), plans, max_size=4))
def test_a_region_is_judged_by_itself(plans: dict[str, RegionSettings]) -> None:
    together = refusals(plans, "dev")
    alone = [refusal for code, plan in plans.items() for refusal in refusals({code: plan}, "dev")]
    assert together == alone


@given(plans, st.sampled_from(["dev", "prod"]))
def test_a_sentence_names_the_region_what_was_got_and_a_command(
    plan: RegionSettings, stack: str
) -> None:
    for refusal in refusals({"eu-south-1": plan}, stack):
        assert refusal.sentence.startswith("realtime:regions.eu-south-1.")
        assert ", got " in refusal.sentence
        assert f"pulumi config set --stack {stack} --path 'realtime:regions.eu-south-1." in (
            refusal.sentence
        )
        assert "\n" not in refusal.sentence


def test_an_unknown_region_is_refused_with_those_that_are_near() -> None:
    (refusal,) = refusals({"eu-west-9": PLAN}, "dev")
    assert "got 'eu-west-9'. There are eu-central-1, eu-central-2, eu-north-1" in refusal.sentence
    (far,) = refusals({"moon-1": PLAN}, "dev")
    assert "af-south-1" in far.sentence


def test_the_parts_of_the_bucket_are_named_with_their_sum() -> None:
    (refusal,) = refusals({"me-central-1": PLAN}, "dev")
    assert "within 2,500 requests/s together, got 100 redirects + 100 messages + 2,500 posts" in (
        refusal.sentence
    )
    assert "= 2,700" in refusal.sentence
    assert "L-8A5B8E43" in refusal.sentence
