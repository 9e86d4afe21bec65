import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import (
    ChannelRule,
    ClickPipelineArgs,
    FunctionDefaults,
    RealtimeApiArgs,
    TokenArgs,
)
from components.realtime_api.args import channel_rules
from components.resources.arguments import InvalidArgument
from components.resources.function import FunctionArgs
from handlers.realtime.channels import InvalidRules, Rule, Rules

RULE: dict[str, Any] = {"pattern": "link:*", "access": "public", "delivery": "latest"}
REALTIME_API: dict[str, Any] = {
    "stage_name": "dev",
    "channels": [ChannelRule(**RULE)],
    "throttling_rate_limit": 10,
    "throttling_burst_limit": 5,
    "defaults": FunctionDefaults(log_retention_days=7),
}
TOKENS = TokenArgs(issuer="https://issuer.example", audiences=["web"])


def realtime_api(**changes: Any) -> RealtimeApiArgs:
    return RealtimeApiArgs(**{**REALTIME_API, **changes})


def rule(pattern: str) -> ChannelRule:
    access = "owner" if "{" in pattern else "public"
    return ChannelRule(pattern=pattern, access=access, delivery="latest")


MANY = [rule(f"link{number}:*") for number in range(40)]
FUNCTION: dict[str, Any] = {
    "module": "realtime.functions.connect",
    "environment": {},
    "policies": {},
    "defaults": FunctionDefaults(log_retention_days=7, layer_arn="arn"),
    "timeout_seconds": 10,
    "memory_mb": 256,
}
CLICK_PIPELINE: dict[str, Any] = {
    "links_table_name": "links",
    "links_table_arn": "arn",
    "publish_policy": "{}",
    "publish_environment": {},
    "defaults": FunctionDefaults(log_retention_days=7, layer_arn="arn"),
}

# Mostly pieces of the grammar, so that accepted and refused patterns are both common.
PIECES = ["link", "user", ":", "*", "{sub}", "{custom:tenant}", "{", "}", "{}", "{1}", "%40", " "]
PATTERNS = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=6).map("".join)


@given(pattern=PATTERNS, access=st.sampled_from(["public", "owner"]))
def test_the_component_accepts_the_patterns_that_the_functions_parse(
    pattern: str, access: str
) -> None:
    accepted = parsed = True
    try:
        ChannelRule(pattern=pattern, access=access, delivery="latest")
    except InvalidArgument:
        accepted = False
    unchecked = object.__new__(ChannelRule)
    fields: dict[str, Any] = {**RULE, "pattern": pattern, "access": access}
    for name, value in {**fields, "min_interval_ms": None, "publishers": None}.items():
        object.__setattr__(unchecked, name, value)
    try:
        Rules.parse(channel_rules(realtime_api(channels=[unchecked], tokens=TOKENS)))
    except InvalidRules:
        parsed = False
    assert accepted == parsed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pattern": ""}, "got ''"),
        ({"pattern": "link:a b"}, "got 'link:a b'"),
        ({"pattern": "link:a*"}, "got 'link:a[*]'"),
        ({"pattern": "user:{sub}"}, "pattern 'user:{sub}' does not fit access 'public'"),
        ({"access": "owner"}, "'link:[*]' does not fit access 'owner'"),
        ({"access": "everybody"}, "must be 'public' or 'owner', got 'everybody' for 'link:[*]'"),
        ({"delivery": "once"}, "must be 'latest' or 'every', got 'once' for 'link:[*]'"),
        ({"min_interval_ms": -1}, "must be 0 to 60000, got -1 for 'link:[*]'"),
        ({"min_interval_ms": 60_001}, "got 60001"),
    ],
)
def test_a_rule_that_could_not_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        ChannelRule(**{**RULE, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stage_name": "my.stack"}, "got 'my.stack'"),
        ({"stage_name": ""}, "must be 1 to 128"),
        ({"channels": []}, "channels must hold a rule, got none"),
        ({"connect_parameters": {"code": "link:*"}}, "got 'link:[*]' for 'code'"),
        ({"connect_parameters": {"code": "{}:{}"}}, "with one {}"),
        ({"allowed_origins": ["https://a.example/"]}, "got 'https://a.example/'"),
        ({"allowed_origins": ["HTTPS://a.example"]}, "in lower case"),
        ({"maximum_subscriptions": 0}, "maximum_subscriptions must be 1 to 1000, got 0"),
        ({"maximum_subscriptions": 1001}, "got 1001"),
        ({"inline_maximum": 0}, "inline_maximum must be 1 to 1000, got 0"),
        ({"posts_per_second": 499}, "posts_per_second must be 500 to 1000000, got 499"),
        ({"history_seconds": 59}, "history_seconds must be 60 to 2592000, got 59"),
        ({"maximum_workers": 1}, "maximum_workers must be 2 to 1000, got 1"),
        ({"channels": MANY}, "must be JSON of 3000 bytes at most, got"),
        (
            {"channels": [rule("user:{sub}")]},
            "tokens must be given with the owner rule 'user:{sub}'",
        ),
        ({"connect_parameters": {"channel": "link:{}"}}, "must not name 'channel'"),
        ({"connect_parameters": {"since": "link:{}"}}, "must not name 'since'"),
        ({"connect_parameters": {"ticket": "link:{}"}}, "must not name 'ticket'"),
        ({"connect_parameters": {"code": "nosuch:{}"}}, "that a rule of channels fits"),
        ({"throttling_rate_limit": "10"}, 'throttling_rate_limit must be a whole number, got "10"'),
        ({"throttling_rate_limit": 1.5}, "throttling_rate_limit must be a whole number, got 1.5"),
        ({"throttling_rate_limit": True}, "throttling_rate_limit must be a whole number, got true"),
        ({"require_origin": "yes"}, 'require_origin must be true or false, got "yes"'),
        ({"stage_name": 7}, "stage_name must be a text, got 7"),
        ({"channels": "link:*"}, "channels must be a list"),
        ({"channels": ["link:*"]}, r"channels\[0\] must be ChannelRule, got \"link:"),
        ({"connect_parameters": ["code"]}, "connect_parameters must be an object"),
        ({"connect_parameters": {"code": 1}}, "connect_parameters.code must be a text, got 1"),
        ({"tokens": {"issuer": "x"}}, "tokens must be TokenArgs"),
        ({"throttling_rate_limit": 0}, "throttling_rate_limit must be 1 or more, got 0: 0 refuses"),
        ({"throttling_burst_limit": 0}, "throttling_burst_limit must be 1 or more, got 0"),
    ],
)
def test_an_api_that_could_not_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        realtime_api(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout_seconds": 0}, "must be 1 to 900, got 0"),
        ({"timeout_seconds": 901}, "got 901. Longer work belongs in a queue"),
        ({"memory_mb": 64}, "must be 128 to 10240, got 64"),
        ({"memory_mb": 10_241}, "got 10241"),
        (
            {"defaults": FunctionDefaults(log_retention_days=7)},
            "defaults must give layer_arn, got none",
        ),
        ({"handlers_path": "orders"}, "handlers_path must be an absolute path, got 'orders'"),
    ],
)
def test_a_function_that_lambda_would_refuse_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        FunctionArgs(**{**FUNCTION, **changes})


def test_a_number_of_days_that_cloudwatch_does_not_keep_logs_for_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="got 8: CloudWatch keeps logs for no other"):
        FunctionDefaults(log_retention_days=8)


@pytest.mark.parametrize("concurrency", [0, 1, 1001])
def test_a_concurrency_that_lambda_would_refuse_is_refused(concurrency: int) -> None:
    with pytest.raises(InvalidArgument, match=f"must be 2 to 1000, got {concurrency}"):
        ClickPipelineArgs(**CLICK_PIPELINE, maximum_concurrency=concurrency)


@pytest.mark.parametrize(
    ("patterns", "hidden"),
    [
        (["*:*", "user:{sub}"], "user:{sub}"),
        (["user:*", "user:{sub}"], "user:{sub}"),
        (["user:{sub}", "user:*"], "user:*"),
        (["link:*", "link:*"], "link:*"),
        (["*", "news"], "news"),
        (["a:{custom:tenant}", "a:b"], "a:b"),
    ],
)
def test_a_rule_that_an_earlier_one_hides_is_refused(patterns: list[str], hidden: str) -> None:
    with pytest.raises(InvalidArgument, match=f"channels must name {re.escape(repr(hidden))} bef"):
        realtime_api(channels=[*map(rule, patterns)], tokens=TOKENS)


SEGMENTS = st.sampled_from(["a", "b", "*", "{sub}", "{custom:tenant}"])


@given(st.lists(st.lists(SEGMENTS, min_size=1, max_size=3).map(":".join), min_size=1, max_size=4))
def test_each_accepted_rule_decides_about_a_channel_and_each_refused_list_has_one_that_does_not(
    patterns: list[str],
) -> None:
    """A wildcard stands for a text that no pattern has: only this rule's shape may need it."""
    channels = [rule(pattern) for pattern in patterns]
    made: list[Any] = [(one.pattern, one.access, "latest", 200, ()) for one in channels]
    decided = Rules(tuple(Rule(*one) for one in made))
    own = [re.sub(r"\*|\{[^}]*\}", "z", pattern) for pattern in patterns]
    useful = [
        decided.find(channel) is mine for channel, mine in zip(own, decided.rules, strict=True)
    ]
    try:
        realtime_api(channels=channels, tokens=TOKENS)
        accepted = True
    except InvalidArgument:
        accepted = False
    assert accepted == all(useful)
