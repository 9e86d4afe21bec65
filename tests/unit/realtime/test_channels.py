import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime.channels import (
    CHANNEL,
    AmbiguousChannel,
    ForbiddenChannel,
    InvalidRules,
    Rules,
    UnknownChannel,
    requested,
)

claims = st.text(min_size=1, max_size=16)
segments = st.text("abzAZ019_.~%-", min_size=1, max_size=12)


def rules(*patterns: tuple[str, str]) -> Rules:
    return Rules.parse(
        json.dumps(
            [
                {
                    "pattern": pattern,
                    "access": access,
                    "delivery": "latest",
                    "min_interval_ms": 200,
                    "publishers": [],
                }
                for pattern, access in patterns
            ]
        )
    )


def allows(rules: Rules, channel: str, **claims: str) -> bool:
    try:
        rules.permit(channel, claims)
    except (UnknownChannel, ForbiddenChannel):
        return False
    return True


@given(segments)
def test_a_wildcard_matches_any_one_segment(segment: str) -> None:
    assert allows(rules(("link:*", "public")), f"link:{segment}")


@pytest.mark.parametrize("channel", ["link:", "link:a:b", "link", "Link:a", "xlink:a", "link:a:"])
def test_a_wildcard_matches_neither_nothing_nor_two_segments(channel: str) -> None:
    with pytest.raises(UnknownChannel, match="no such channel"):
        rules(("link:*", "public")).permit(channel, {})


@pytest.mark.parametrize("channel", ["", "link:a\n", "link:a#b", "link:é", "link:" + "a" * 196])
def test_what_is_no_channel_is_unknown_whatever_the_rules(channel: str) -> None:
    with pytest.raises(UnknownChannel, match="1 to 200"):
        rules(("*", "public"), ("link:*", "public")).permit(channel, {})


@given(claims)
def test_an_owner_may_watch_the_channel_of_their_own_claim(sub: str) -> None:
    channel = f"user:{quote(sub, safe='')}"
    assert allows(rules(("user:{sub}", "owner")), channel, sub=sub) == (len(channel) <= 200)


@given(claims, claims, claims, claims)
def test_no_claims_open_the_channel_of_other_claims(
    tenant: str, sub: str, other_tenant: str, other_sub: str
) -> None:
    channel = f"t:{quote(tenant, safe='')}:{quote(sub, safe='')}"
    allowed = allows(
        rules(("t:{tenant}:{sub}", "owner")), channel, tenant=other_tenant, sub=other_sub
    )
    own = (tenant, sub) == (other_tenant, other_sub)
    assert allowed == (own and len(channel) <= 200)


@given(segments, claims)
def test_a_public_wildcard_never_opens_an_owners_channel(owner: str, sub: str) -> None:
    both = rules(("user:{sub}", "owner"), ("user:*", "public"), ("*:*", "public"))
    assert allows(both, f"user:{owner}", sub=sub) == (quote(sub, safe="") == owner)


def test_a_claim_that_the_principal_lacks_is_forbidden_not_unknown() -> None:
    with pytest.raises(ForbiddenChannel):
        rules(("user:{sub}", "owner")).permit("user:42", {})


def test_the_first_rule_of_a_shape_decides() -> None:
    opened = rules(("user:news", "public"), ("user:{sub}", "owner"))
    assert allows(opened, "user:news")
    assert not allows(opened, "user:42")


def test_a_claims_name_may_hold_a_colon() -> None:
    tenants = rules(("t:{custom:tenant}:*", "owner"))
    assert tenants.permit("t:a:x", {"custom:tenant": "a"}).pattern == "t:{custom:tenant}:*"
    assert not allows(tenants, "t:b:x", **{"custom:tenant": "a"})


@pytest.mark.parametrize(
    ("pattern", "access"),
    [
        ("", "public"),
        ("link:", "public"),
        ("link:a*", "public"),
        ("link:**", "public"),
        ("li nk:*", "public"),
        ("link#*", "public"),
        ("user:{sub}", "public"),
        ("user:*", "owner"),
        ("user:{sub}-x", "owner"),
        ("user:{sub}*", "owner"),
        ("user:{a}{b}", "owner"),
        ("user:{}", "owner"),
        ("user:{sub", "owner"),
        ("user:*", "everybody"),
    ],
)
def test_a_pattern_that_could_be_read_in_two_ways_is_refused(pattern: str, access: str) -> None:
    with pytest.raises(InvalidRules, match="must"):
        rules((pattern, access))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"pattern":"a"}]', '[{"publishers":[]}]'])
def test_rules_that_are_not_rules_are_refused(text: str) -> None:
    with pytest.raises(InvalidRules):
        Rules.parse(text)


@given(st.text(max_size=210))
def test_a_channel_holds_nothing_that_could_end_a_key(text: str) -> None:
    if CHANNEL.fullmatch(text):
        assert 1 <= len(text) <= 200
        assert text.isascii()
        assert not set(text) & set('#*{}/"\n ')


@pytest.mark.parametrize(
    ("query", "channel"),
    [
        ({}, None),
        ({"code": [""]}, None),
        ({"other": ["x"]}, None),
        ({"channel": ["link:a"]}, "link:a"),
        ({"code": ["a"]}, "link:a"),
        ({"code": ["a"], "channel": ["link:a"]}, "link:a"),
        ({"code": ["{}"]}, "link:{}"),
    ],
)
def test_a_request_names_a_channel_or_a_parameter_that_stands_for_one(
    query: dict[str, list[str]], channel: str | None
) -> None:
    assert requested(query, {"code": "link:{}"}) == channel


@pytest.mark.parametrize(
    "query", [{"channel": ["a", "b"]}, {"code": ["a", "b"]}, {"code": ["a"], "channel": ["b"]}]
)
def test_two_channels_in_one_request_are_ambiguous(query: dict[str, list[str]]) -> None:
    with pytest.raises(AmbiguousChannel):
        requested(query, {"code": "link:{}"})
