import json
from typing import Any

import pytest

from tests.infra.configured import loaded, planned, refused

STACKS = ["dev", "prod"]


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("throttle.redirectsPerSecond", 0, "must be greater than 0"),
        ("throttle.messagesPerSecond", "many", "must be a valid integer"),
        ("throttle.connectsPerSecond", None, "must be set, and is not"),
        ("push.postsPerSecond", 499, "must be greater than or equal to 500"),
        ("push.minIntervalMs", 60_001, "must be less than or equal to 60000"),
        ("concurrency.aggregators", 1, "must be greater than or equal to 2"),
        ("concurrency.workers", 1001, "must be less than or equal to 1000"),
        ("concurrency.reserved.fanOut", 0, "must be greater than 0"),
        ("caps.subscriptions", 0, "must be greater than or equal to 1"),
        ("caps.payloadBytes", 32_768, "must be less than or equal to 31744"),
        ("expectedLoad.watchedLinks", 0, "must be greater than 0"),
        ("manageApiGatewayAccount", "maybe", "must be a valid boolean"),
    ],
)
def test_a_regions_value_that_cannot_work_is_refused(path: str, value: Any, rule: str) -> None:
    (sentence,) = refused(planned({path: value}))
    assert sentence.startswith(f"realtime:regions.eu-west-1.{path} {rule}")
    command = f"pulumi config set --stack dev --path 'realtime:regions.eu-west-1.{path}' "
    assert command in sentence


def test_numbers_and_booleans_of_a_region_may_be_texts() -> None:
    texts = {"caps.subscriptions": "7", "manageApiGatewayAccount": "false"}
    region = loaded(planned(texts)).regions["eu-west-1"]
    assert (region.caps.subscriptions, region.manage_api_gateway_account) == (7, False)


def test_a_group_that_is_missing_is_set_by_its_first_member() -> None:
    (sentence,) = refused(planned({"throttle": None}))
    assert sentence.endswith("--path 'realtime:regions.eu-west-1.throttle.redirectsPerSecond' 1000")


def test_an_unknown_key_of_a_region_is_refused_with_the_command_that_removes_it() -> None:
    (sentence,) = refused(planned({"throttle.clicks": 7}))
    assert sentence == (
        "realtime:regions.eu-west-1.throttle.clicks is no setting of this project, got 7."
        " Run: pulumi config rm --stack dev --path 'realtime:regions.eu-west-1.throttle.clicks'"
    )


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("region", ["eu-south-1", "me-central-1"])
def test_a_stack_moved_unchanged_to_a_small_region_is_refused(stack: str, region: str) -> None:
    (sentence,) = refused(planned(stack=stack, region=region), stack)
    key = f"realtime:regions.{region}.throttle and push must stay within 2,500 requests/s together"
    assert sentence.startswith(key)
    assert "L-8A5B8E43" in sentence


def test_a_stack_moved_to_a_region_of_the_same_size_is_built() -> None:
    assert list(loaded(planned(stack="prod", region="eu-west-1"), "prod").regions) == ["eu-west-1"]


def test_a_throttle_above_the_regions_is_refused() -> None:
    (sentence,) = refused(planned({"throttle.redirectsPerSecond": 12_000}))
    assert "must stay within 10,000 requests/s together, got 12,000 redirects + " in sentence


def test_too_few_reserved_executions_are_refused() -> None:
    config = planned({"concurrency.reserved": {"aggregate": 4}}, stack="prod")
    (sentence,) = refused(config, "prod")
    assert "concurrency.reserved.aggregate must be 5 or more" in sentence


def test_an_unknown_region_is_refused() -> None:
    (sentence,) = refused(planned(region="eu-west-9"))
    assert sentence.startswith("realtime:regions must name commercial regions of AWS")


def test_a_load_that_a_small_region_cannot_carry_is_refused_in_all_its_parts() -> None:
    load = {"watchedLinks": 20, "watchersPerLink": 10, "clicksPerSecond": 5_000}
    sentences = refused(planned({"expectedLoad": load}, region="eu-south-1"))
    told = [sentence.removeprefix("realtime:regions.eu-south-1.") for sentence in sentences]
    assert [sentence.partition(", got")[0] for sentence in told] == [
        "throttle and push must stay within 2,500 requests/s together",
        "expectedLoad.clicksPerSecond must be 400 at most",
        "expectedLoad.clicksPerSecond must be 750 at most",
        "throttle.redirectsPerSecond must be 5,000 or more",
        "concurrency.aggregators must be 230 or more",
    ]


def test_the_provider_and_the_regions_must_agree_on_a_primary_region() -> None:
    (sentence,) = refused(planned() | {"aws:region": "eu-south-1"})
    assert sentence.startswith("aws:region must be one of realtime:regions (eu-west-1), got")
    assert sentence.endswith("Run: pulumi config set --stack dev aws:region eu-west-1")


def test_only_the_region_that_cannot_carry_its_load_is_named() -> None:
    config = planned()
    plan = json.loads(config["realtime:regions"])["eu-west-1"]
    both = json.dumps({"eu-west-1": plan, "eu-south-1": plan})
    (sentence,) = refused(config | {"realtime:regions": both})
    assert "eu-south-1" in sentence
    assert "eu-west-1" not in sentence
