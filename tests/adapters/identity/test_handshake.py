"""Who may open a connection, and what it may then watch: the functions behind a gateway's double.

Every refusal here is a handshake of its own, with a real table, real signatures and a real issuer.
"""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.realtime.conftest import TABLE
from tests.fakes.gateway import OPEN, Clock, Gateway
from tests.fakes.issuer import CONFIGURATION, Issuer, rsa_key

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


def bearer(token: str) -> dict[str, str | list[str]]:
    return {"authorization": f"Bearer {token}"}


def ticket(gateway: Gateway, authority: Issuer, sub: str = "alice", **body: Any) -> str:
    return gateway.post_ticket(authority.claims(sub=sub), body or None)["ticket"]


def reason(caplog: pytest.LogCaptureFixture) -> Any:
    """Why the last handshake was refused, as the log has it."""
    (record,) = [one for one in caplog.records if one.getMessage() == "refused"]
    return vars(record)["reason"]


def test_a_ticket_opens_a_connection_that_may_watch_what_is_its_principals(
    gateway: Gateway, authority: Issuer
) -> None:
    assert gateway.open("a=", {"ticket": ticket(gateway, authority)}) == OPEN
    own = gateway.say("a=", action="subscribe", channel="user:alice")
    foreign = gateway.say("a=", action="subscribe", channel="user:bob")
    public = gateway.say("a=", action="subscribe", channel="news:1")
    assert (own["event"], foreign["code"], public["event"]) == (
        *("subscribed", "forbidden"),
        "subscribed",
    )


def test_a_token_in_the_header_does_the_same(gateway: Gateway, authority: Issuer) -> None:
    query = {"channel": "user:alice"}
    assert gateway.open("a=", query, bearer(authority.token(sub="alice"))) == OPEN
    assert gateway.open("b=", query, bearer(authority.token(sub="bob"))) == 403
    assert gateway.say("a=", action="subscribe", channel="user:bob")["code"] == "forbidden"


def test_a_forbidden_channel_takes_no_room(gateway: Gateway, authority: Issuer) -> None:
    gateway.open("a=", {}, bearer(authority.token()))
    for other in "bcdefg":
        assert gateway.say("a=", action="subscribe", channel=f"user:{other}")["code"] == "forbidden"
    for channel in ("news:1", "news:2", "user:alice"):
        assert gateway.say("a=", action="subscribe", channel=channel)["event"] == "subscribed"


def test_whose_a_channel_is_stands_in_the_connection_and_not_in_the_message(
    gateway: Gateway, authority: Issuer
) -> None:
    gateway.open("a=", {"ticket": ticket(gateway, authority)})
    forged = {"principal": "bob", "claims": {"sub": "bob"}, "ticket": "x", "authorizer": {}}
    answer = gateway.say("a=", action="subscribe", channel="user:bob", **forged)
    assert answer["code"] == "forbidden"


def test_a_claim_is_compared_as_the_protocol_encodes_it(
    gateway: Gateway, authority: Issuer
) -> None:
    gateway.open("a=", {}, bearer(authority.token(sub="auth0|7:é")))
    encoded = gateway.say("a=", action="subscribe", channel="user:auth0%7C7%3A%C3%A9")
    other = gateway.say("a=", action="subscribe", channel="user:auth0%7c7%3a%c3%a9")
    assert (encoded["event"], other["code"]) == ("subscribed", "forbidden")


def test_an_anonymous_connection_may_watch_nobodys_channel(gateway: Gateway) -> None:
    assert gateway.open("a=", {"channel": "news:1"}) == OPEN
    assert gateway.say("a=", action="subscribe", channel="user:alice")["code"] == "forbidden"
    assert gateway.say("a=", action="subscribe", channel="user:anonymous")["code"] == "forbidden"
    assert gateway.open("b=", {"channel": "user:anonymous"}) == 403


def test_without_credentials_a_channel_has_to_be_named_and_with_them_not(
    gateway: Gateway, authority: Issuer
) -> None:
    assert gateway.open("a=") == 400
    assert gateway.open("b=", {}, bearer(authority.token())) == OPEN


def test_a_ticket_that_was_used_opens_no_second_connection(
    gateway: Gateway, authority: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"ticket": ticket(gateway, authority)}
    assert gateway.open("a=", query) == OPEN
    assert gateway.open("b=", query) == 403
    assert reason(caplog) == "ticket"


def test_a_handshake_that_is_repeated_passes(gateway: Gateway, authority: Issuer) -> None:
    query = {"ticket": ticket(gateway, authority)}
    assert [gateway.open("a=", query) for _ in range(2)] == [OPEN, OPEN]


def test_a_ticket_that_is_31_seconds_old_is_refused(
    gateway: Gateway, authority: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"ticket": ticket(gateway, authority)}
    clock.now_ms += 31_000
    assert gateway.open("a=", query) == 403
    assert reason(caplog) == "ticket"


def test_a_ticket_opens_no_other_principals_channel(
    gateway: Gateway, authority: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"ticket": ticket(gateway, authority, "bob"), "channel": "user:alice"}
    assert gateway.open("a=", query) == 403
    assert reason(caplog) == "forbidden_channel"


def test_a_ticket_beside_another_principals_token_is_refused_and_not_used_up(
    gateway: Gateway, authority: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"ticket": ticket(gateway, authority)}
    assert gateway.open("a=", query, bearer(authority.token(sub="bob"))) == 403
    assert reason(caplog) == "ambiguous_credentials"
    assert gateway.open("b=", query) == OPEN


@pytest.mark.parametrize("channel", ["news:2", "user:alice"])
def test_a_ticket_for_one_channel_opens_no_other(
    gateway: Gateway, authority: Issuer, caplog: pytest.LogCaptureFixture, channel: str
) -> None:
    bound = ticket(gateway, authority, channels=["news:1"])
    assert gateway.open("a=", {"ticket": bound, "channel": channel}) == 403
    assert reason(caplog) == "forbidden_channel"
    again = ticket(gateway, authority, channels=["news:1"])
    assert gateway.open("b=", {"ticket": again, "channel": "news:1"}) == OPEN
    assert gateway.say("b=", action="subscribe", channel=channel)["code"] == "forbidden"
    assert gateway.say("b=", action="subscribe", channel="news:1")["event"] == "subscribed"


def test_a_ticket_ends_with_the_token_that_it_was_given_for(
    gateway: Gateway, authority: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    claims = authority.claims(exp=clock.now_ms // 1000 + 10)
    query = {"ticket": gateway.post_ticket(claims)["ticket"]}
    clock.now_ms += 10_000
    assert gateway.open("a=", query) == 403
    assert reason(caplog) == "expired"


@pytest.mark.parametrize(
    "query",
    [
        {"ticket": "hunter2"},
        {"ticket": ""},
        {"ticket": "x" * 43},
        {"ticket": ["x" * 43, "x" * 43]},
        {"ticket": "x" * 43, "channel": "news:1"},
        {"ticket": "", "channel": "news:1"},
    ],
)
def test_a_ticket_that_is_none_does_not_make_an_anonymous_connection(
    gateway: Gateway, query: dict[str, str | list[str]]
) -> None:
    assert gateway.open("a=", query) == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "x"])
def test_a_header_that_is_no_token_does_not_make_an_anonymous_connection(
    gateway: Gateway, header: str
) -> None:
    assert gateway.open("a=", {"channel": "news:1"}, {"Authorization": header}) == 403


def test_two_headers_are_refused(gateway: Gateway, authority: Issuer) -> None:
    token = f"Bearer {authority.token()}"
    assert gateway.open("a=", {}, {"authorization": [token, token]}) == 403


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"aud": "client-2"}, "audience"),
        ({"exp": 1}, "expired"),
        ({"key": rsa_key("other")}, "signature"),
        ({"key_id": "made up"}, "unknown_key"),
        ({"algorithm": "RS512"}, "algorithm"),
        ({"padding": "x" * 8000}, "token_too_long"),
        ({"iat": 1}, "too_old"),
        ({"sub": "x" * 513}, "subject"),
    ],
)
def test_a_token_that_is_no_good_opens_nothing_not_even_what_is_public(
    gateway: Gateway,
    authority: Issuer,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, Any],
    why: str,
) -> None:
    token = authority.token(**change)
    assert gateway.open("a=", {"channel": "news:1"}, bearer(token)) == 403
    assert reason(caplog) == why


def test_while_the_issuer_has_no_keys_nobody_is_let_in_and_an_operator_is_told(
    gateway: Gateway, authority: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    authority.status = 503
    assert gateway.open("a=", {"channel": "news:1"}, bearer(authority.token())) == 403
    assert reason(caplog) == "keys_unavailable"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert gateway.open("b=", {"channel": "news:1"}) == OPEN


def test_a_handshake_that_is_refused_for_anything_else_asks_nobody_and_uses_no_ticket(
    gateway: Gateway, authority: Issuer
) -> None:
    given = ticket(gateway, authority)
    assert gateway.open("a=", {"ticket": given, "channel": "unknown:1"}) == 403
    assert gateway.open("a=", {"channel": "no:such"}, bearer(authority.token())) == 403
    assert gateway.open("b=", {"ticket": given}) == OPEN
    assert authority.asked == []


def test_tokens_of_one_key_are_one_look_at_the_issuer(gateway: Gateway, authority: Issuer) -> None:
    for connection_id in ("a=", "b=", "c="):
        assert gateway.open(connection_id, {}, bearer(authority.token())) == OPEN
    assert authority.asked == [CONFIGURATION, "/keys"]


def test_a_connection_ends_with_its_token(
    gateway: Gateway, authority: Issuer, clock: Clock
) -> None:
    token = authority.token(exp=clock.now_ms // 1000 + 90)
    gateway.open("a=", {}, bearer(token))
    clock.now_ms += 60_000
    assert gateway.say("a=", action="subscribe", channel="user:alice")["event"] == "subscribed"
    clock.now_ms += 30_000
    answer = gateway.say("a=", action="subscribe", channel="user:alice")
    assert answer["code"] == "connection_expired"


def test_a_connection_leaves_nothing_behind(
    gateway: Gateway, authority: Issuer, dynamodb: "DynamoDBClient"
) -> None:
    gateway.open("a=", {"channel": "user:alice"}, bearer(authority.token()))
    kinds = {str(item["PK"].get("S")).partition("#")[0] for item in rows(dynamodb)}
    assert kinds == {"CONN", "CHANNEL", "PRINCIPAL", "EXPIRY"}
    gateway.close("a=")
    assert rows(dynamodb) == []


def test_no_token_and_no_ticket_is_in_the_table_or_in_a_log(
    gateway: Gateway,
    authority: Issuer,
    dynamodb: "DynamoDBClient",
    caplog: pytest.LogCaptureFixture,
) -> None:
    given, token = ticket(gateway, authority), authority.token()
    gateway.open("a=", {"ticket": given, "channel": "user:alice"})
    gateway.open("b=", {"ticket": given})
    gateway.open("c=", {"channel": "user:alice"}, bearer(token))
    gateway.open("d=", {}, bearer(authority.token(key=rsa_key("other"))))
    kept = json.dumps(rows(dynamodb)) + "".join(str(vars(record)) for record in caplog.records)
    assert "user:alice" in kept
    assert not [part for part in (given, *token.split(".")) if part in kept]


def rows(dynamodb: "DynamoDBClient") -> list[Any]:
    return list(dynamodb.scan(TableName=TABLE)["Items"])
