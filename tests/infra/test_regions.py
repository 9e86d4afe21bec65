import json
import re
import runpy
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pulumi
import pytest

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs, TokenArgs
from components.realtime_api.args import LIMITS
from components.resources.regions import regions
from components.stack.region_settings import Push, Raised
from components.stack.settings import SettingsError
from localcloud.runner import run_program
from tests.infra.configured import planned
from tests.infra.harness import ROOT, Cloud, Deployment, Monitor, Resource, deploy
from tests.infra.release_graph import REPLACING

FIRST, SECOND = "eu-west-1", "ap-southeast-3"  # one of the longest names
SMALL = {
    "throttle": {"redirectsPerSecond": 300, "messagesPerSecond": 400, "connectsPerSecond": 30},
    "push": {"postsPerSecond": 1_000, "minIntervalMs": 500},
    "concurrency": {
        "aggregators": 3,
        "workers": 4,
        "reserved": {"aggregate": 6, "fanOut": 7, "publish": 8},
    },
    "raised": {"apiRequestsPerSecond": {"value": 5_000}, "lambdaConcurrency": {"value": 2_000}},
    "caps": {"subscriptions": 20, "payloadBytes": 1_024},
}
SUFFIX = len("-0123456")
LONGEST_NAMES = {
    "aws:iam/role:Role": 64,
    "aws:lambda/function:Function": 64,
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:sqs/queue:Queue": 80,
    "aws:iam/rolePolicy:RolePolicy": 128,
}


def both(**secondary: Any) -> dict[str, str]:
    """dev at primary, and in a small region a plan that fits it, changed."""
    config = planned()
    plan = json.loads(config["realtime:regions"])[FIRST]
    plans = {FIRST: plan, SECOND: {**plan, **SMALL, **secondary}}
    return config | {"realtime:regions": json.dumps(plans)}


def program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


@pytest.fixture(scope="module")
def two() -> Deployment:
    return deploy(program, config=both())


def of(deployment: Deployment, region: str) -> list[Resource]:
    """What AWS makes for one of the two."""
    made = [resource for resource in deployment.resources if resource.custom]
    return [resource for resource in made if (SECOND in resource.name) == (region == SECOND)]


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in cast("dict[str, Any]", value).values():
                yield from texts(item)
        case list():
            for item in cast("list[Any]", value):
                yield from texts(item)
        case _:
            pass


def test_a_stack_of_two_regions_has_all_of_its_parts_in_both(two: Deployment) -> None:
    parts = {
        region: Counter(
            (resource.type, resource.name.replace(f"-{SECOND}", "")) for resource in of(two, region)
        )
        for region in (FIRST, SECOND)
    }
    assert parts[FIRST] == parts[SECOND]


def test_every_resource_of_another_region_names_it_but_roles_which_are_global(
    two: Deployment,
) -> None:
    for resource in of(two, SECOND):
        if resource.type.startswith("aws:iam/"):
            assert "region" not in resource.inputs, resource.name
        else:
            assert resource.inputs.get("region") == SECOND, resource.name


def test_whatever_a_realtime_api_can_have_is_in_its_region() -> None:
    args = RealtimeApiArgs(
        stage_name="dev",
        channels=[ChannelRule(pattern="user:{sub}", access="owner", delivery="every")],
        throttling_rate_limit=10,
        defaults=FunctionDefaults(log_retention_days=7),
        tokens=TokenArgs(issuer="https://issuer.example", audiences=["web"]),
        ticket_api=True,
        region=SECOND,
    )
    deployment = deploy(lambda: RealtimeApi("push", args))
    regional = [r for r in deployment.resources if r.custom and ":iam/" not in r.type]
    assert {r.name for r in regional if r.inputs.get("region") != SECOND} == set()


def test_the_home_region_is_left_to_the_provider(two: Deployment) -> None:
    assert all("region" not in resource.inputs for resource in of(two, FIRST))


def test_no_resource_refers_to_another_region(two: Deployment) -> None:
    for region, other in ((FIRST, SECOND), (SECOND, FIRST)):
        for resource in of(two, region):
            said = " ".join(texts(dict(resource.inputs)))
            assert not re.search(rf"[:./]{other}[:./]", said), resource.name


def test_each_region_is_told_its_own_addresses(two: Deployment) -> None:
    found = two.exports["regions"]
    assert found.keys() == {FIRST, SECOND}
    assert found[FIRST] == {key: two.exports[key] for key in found[FIRST]}
    assert found[SECOND].keys() == found[FIRST].keys()
    assert {key for key in found[FIRST] if found[SECOND][key] == found[FIRST][key]} == {"tier"}
    assert f"execute-api.{SECOND}." in found[SECOND]["endpoint"]
    assert f"execute-api.{FIRST}." in found[FIRST]["endpoint"]


def test_a_regions_own_setting_decides_what_pulumi_and_aws_refuse_to_delete() -> None:
    deployment = deploy(program, config=both(protectData=True))
    protected = {resource.name for resource in deployment.resources if resource.protected}
    assert protected == {one.name for one in of(deployment, SECOND) if one.type in REPLACING}
    for table in deployment.of("aws:dynamodb/table:Table"):
        assert table.inputs["deletionProtectionEnabled"] is (SECOND in table.name)


def test_production_is_given_up_by_one_setting() -> None:
    config = planned({"protectData": False}, stack="prod")
    deployment = deploy(program, stack="prod", config=config)
    assert [resource.name for resource in deployment.resources if resource.protected] == []
    for table in deployment.of("aws:dynamodb/table:Table"):
        assert table.inputs["deletionProtectionEnabled"] is False
    assert (
        deployment.one("aws:cognito/userPool:UserPool").inputs["deletionProtection"] == "INACTIVE"
    )


def test_names_leave_room_for_what_pulumi_adds(two: Deployment) -> None:
    assert len(SECOND) == max(len(code) for code in regions().regions)
    for resource in two.resources:
        if resource.type in LONGEST_NAMES:
            assert len(resource.name) + SUFFIX <= LONGEST_NAMES[resource.type], resource.name


def test_stages_are_throttled_by_the_regions_budget(two: Deployment) -> None:
    socket = two.named(f"realtime-{SECOND}-stage").inputs
    http = two.named(f"shortener-{SECOND}-http-stage").inputs
    assert socket["defaultRouteSettings"]["throttlingRateLimit"] == 400
    assert http["defaultRouteSettings"]["throttlingRateLimit"] == 300
    (connect,) = socket["routeSettings"]
    assert (connect["routeKey"], connect["throttlingRateLimit"]) == ("$connect", 30)
    primary = two.named("realtime-stage").inputs
    assert primary["defaultRouteSettings"]["throttlingRateLimit"] == 100
    assert socket["defaultRouteSettings"]["throttlingBurstLimit"] == 400


def test_the_functions_follow_the_regions_plan(two: Deployment) -> None:
    reserved = {
        resource.parent.replace(f"-{SECOND}", ""): resource.inputs["reservedConcurrentExecutions"]
        for resource in of(two, SECOND)
        if "reservedConcurrentExecutions" in resource.inputs
    }
    assert reserved == {"clicks-aggregate": 6, "realtime-fan-out": 7, "realtime-publish": 8}
    assert not any("reservedConcurrentExecutions" in r.inputs for r in of(two, FIRST))
    mapped = {
        resource.parent.replace(f"-{SECOND}", ""): resource.inputs["scalingConfig"][
            "maximumConcurrency"
        ]
        for resource in of(two, SECOND)
        if "scalingConfig" in resource.inputs
    }
    assert mapped.pop("clicks-queue") == 3
    assert set(mapped.values()) == {4}


def test_the_functions_are_told_the_regions_pace(two: Deployment) -> None:
    def told(function: str) -> dict[str, str]:
        return two.named(f"{function}-function").inputs["environment"]["variables"]

    secondary, primary = told(f"realtime-{SECOND}-fan-out"), told("realtime-fan-out")
    assert (secondary["POSTS_PER_SECOND"], primary["POSTS_PER_SECOND"]) == ("1000", "2500")
    assert json.loads(secondary["CHANNEL_RULES"])[0]["min_interval_ms"] == 500
    assert told(f"realtime-{SECOND}-messages")["MAXIMUM_SUBSCRIPTIONS"] == "20"
    assert told(f"realtime-{SECOND}-publish")["PAYLOAD_LIMIT_BYTES"] == "1024"


def test_a_deployment_asks_aws_for_no_quota(two: Deployment) -> None:
    """AWS refuses to be asked twice, and to be asked for what the account has."""
    assert "raised" in json.loads(both()["realtime:regions"])[SECOND]
    assert not [resource.name for resource in two.resources if "quota" in resource.type.lower()]


def test_the_settings_and_the_components_take_the_same_pace() -> None:
    field = Push.model_json_schema()["properties"]["postsPerSecond"]
    assert (field["minimum"], field["maximum"]) == LIMITS["posts_per_second"][:2]


def test_every_quota_that_can_be_asked_for_can_be_raised() -> None:
    for name in Raised.model_fields:
        assert regions().quotas[name].code.startswith("L-")
        assert regions().quotas[name].adjustable


def test_a_refused_plan_makes_nothing_and_names_only_its_region() -> None:
    started: list[str] = []
    deployment = Deployment()
    config = both(push={"postsPerSecond": 4_000, "minIntervalMs": 500})

    def watched() -> None:
        started.append(pulumi.get_stack())
        program()

    with pytest.raises(SettingsError) as refused:
        run_program(
            watched,
            project="realtime",
            stack="dev",
            monitor=Monitor(Cloud(preview=False), deployment),
            config=config,
        )
    assert started
    assert deployment.resources == []
    (sentence,) = str(refused.value).splitlines()
    assert f"realtime:regions.{SECOND}.throttle and push must stay within 2,500" in sentence
    assert FIRST not in sentence
