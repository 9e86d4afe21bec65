"""The tickets' two calls, and `POST /tickets` as an HTTP API calls it, on a table in moto."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from handlers.realtime.functions import ticket
from handlers.realtime.identity.principal import Identity
from handlers.realtime.identity.tickets import TICKET, TICKET_MS, TicketStore, new_ticket
from tests.adapters.realtime.conftest import TABLE
from tests.fakes.gateway import Clock
from tests.fakes.links import http_event
from tests.fakes.protocol import valid

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

NOW = 1_763_787_600_123
ALICE = Identity("alice", {"sub": "alice"}, NOW // 1000 - 60, NOW // 1000 + 3600)
RULES: list[dict[str, Any]] = [
    {
        "pattern": pattern,
        "access": access,
        "delivery": "latest",
        "min_interval_ms": 200,
        "publishers": [],
    }
    for pattern, access in [("user:{sub}", "owner"), ("news:*", "public")]
]


@pytest.fixture
def store(dynamodb: "DynamoDBClient") -> TicketStore:
    return TicketStore(dynamodb, TABLE)


def item(dynamodb: "DynamoDBClient") -> dict[str, Any]:
    (only,) = dynamodb.scan(TableName=TABLE)["Items"]
    return dict(only)


def test_a_ticket_says_whose_it_is(store: TicketStore) -> None:
    bound = Identity("bob", {"sub": "bob"}, 5, 6, frozenset(["user:bob", "news:1"]))
    for identity in (ALICE, bound):
        given = new_ticket()
        assert store.put(given, identity, NOW) == NOW + TICKET_MS
        assert store.use(given, "a=", NOW) == identity


def test_no_two_tickets_are_alike_and_all_have_the_form_that_is_looked_for() -> None:
    made = {new_ticket() for _ in range(100)}
    assert len(made) == 100
    assert all(TICKET.fullmatch(one) for one in made)


def test_a_ticket_opens_one_connection(store: TicketStore) -> None:
    store.put("t", ALICE, NOW)
    assert store.use("t", "a=", NOW) == ALICE
    assert store.use("t", "b=", NOW) is None


def test_a_handshake_that_is_repeated_passes_and_still_no_other(store: TicketStore) -> None:
    store.put("t", ALICE, NOW)
    answers = [store.use("t", connection, NOW) for connection in ("a=", "a=", "b=", "a=")]
    assert answers == [ALICE, ALICE, None, ALICE]


def test_a_ticket_is_good_for_thirty_seconds(store: TicketStore) -> None:
    store.put("t", ALICE, NOW)
    store.put("u", ALICE, NOW)
    assert store.use("t", "a=", NOW + 29_999) == ALICE
    assert store.use("u", "a=", NOW + 30_000) is None
    assert store.use("u", "a=", NOW + 31_000) is None


def test_a_connection_cannot_repeat_its_handshake_after_that_time(store: TicketStore) -> None:
    store.put("t", ALICE, NOW)
    store.use("t", "a=", NOW)
    assert store.use("t", "a=", NOW + 31_000) is None


def test_a_ticket_that_nobody_gave_is_none_and_leaves_nothing(
    store: TicketStore, dynamodb: "DynamoDBClient"
) -> None:
    assert store.use(new_ticket(), "a=", NOW) is None
    assert dynamodb.scan(TableName=TABLE)["Count"] == 0


def test_the_table_does_not_hold_the_ticket(store: TicketStore, dynamodb: "DynamoDBClient") -> None:
    given = new_ticket()
    store.put(given, ALICE, NOW)
    assert given not in json.dumps(item(dynamodb))


@pytest.fixture
def service(
    dynamodb: "DynamoDBClient",  # noqa: ARG001 - the table that it writes to
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REALTIME_TABLE", TABLE)
    monkeypatch.setenv("CHANNEL_RULES", json.dumps(RULES))


def post(body: object = None, claims: dict[str, Any] | None = None, **fields: Any) -> Any:
    """Status and body of the answer; claims as an HTTP API hands them over, as texts."""
    text = body if isinstance(body, str | None) else json.dumps(body)
    event = http_event("POST", "/tickets", owner="alice", body=text)
    event["requestContext"]["authorizer"]["jwt"]["claims"] = {
        "sub": "alice",
        "iat": "1763787600",
        "exp": "4102444800",
        **(claims or {}),
    }
    answer = ticket.handler({**event, **fields}, object())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket, "time", Clock(NOW))


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("body", [None, "", {}])
def test_who_signed_in_gets_a_ticket_with_their_claims_and_their_tokens_times(
    dynamodb: "DynamoDBClient", body: object
) -> None:
    status, answer = post(body, {"email": "alice@example.com"})
    assert status == 201
    assert answer["expiresAt"] == NOW + 30_000
    valid("ticket", json.dumps(answer))
    identity = TicketStore(dynamodb, TABLE).use(answer["ticket"], "a=", NOW)
    assert identity == Identity("alice", {"sub": "alice"}, 1_763_787_600, 4_102_444_800)


@pytest.mark.usefixtures("service")
def test_a_ticket_can_be_bound_to_channels_that_the_claims_permit(
    dynamodb: "DynamoDBClient",
) -> None:
    status, answer = post({"channels": ["user:alice", "news:1"]})
    assert status == 201
    identity = TicketStore(dynamodb, TABLE).use(answer["ticket"], "a=", NOW)
    assert identity is not None
    assert identity.bound_to == {"user:alice", "news:1"}


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("channel", ["user:bob", "unknown:1", "user:", "no channel"])
def test_a_channel_that_the_claims_do_not_permit_is_no_tickets(
    dynamodb: "DynamoDBClient", channel: str
) -> None:
    status, answer = post({"channels": ["user:alice", channel]})
    assert (status, set(answer)) == (403, {"message"})
    assert dynamodb.scan(TableName=TABLE)["Count"] == 0


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[" * 3000,
        "[]",
        "7",
        "null",
        {"channels": []},
        {"channels": "user:alice"},
        {"channels": [7]},
        {"channels": None},
        {"channels": ["news:1"] * 11},
        {"channels": ["news:1"], "principal": "bob"},
        {"padding": "x" * 4096},
    ],
)
def test_a_body_that_says_something_else_is_refused(
    dynamodb: "DynamoDBClient", body: object
) -> None:
    status, answer = post(body)
    assert (status, set(answer)) == (400, {"message"})
    assert dynamodb.scan(TableName=TABLE)["Count"] == 0


@pytest.mark.usefixtures("service")
def test_a_body_may_come_encoded() -> None:
    assert post("e30=", isBase64Encoded=True)[0] == 201
    assert post("e30", isBase64Encoded=True)[0] == 400


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    "claims",
    [
        {"exp": str(NOW // 1000)},
        {"exp": "soon"},
        {"exp": "NaN"},
        {"iat": ""},
        {"iat": "1"},
        {"sub": ""},
        {"sub": "x" * 513},
    ],
)
def test_a_token_that_says_too_little_of_its_owner_gets_no_ticket(claims: dict[str, str]) -> None:
    assert post(claims=claims)[0] == 401


@pytest.mark.usefixtures("service")
def test_times_are_understood_as_an_http_api_writes_them(dynamodb: "DynamoDBClient") -> None:
    _, answer = post(claims={"iat": "1.7637876E9", "exp": "4.1024448E9"})
    identity = TicketStore(dynamodb, TABLE).use(answer["ticket"], "a=", NOW)
    assert identity is not None
    assert (identity.issued_at, identity.expires_at) == (1_763_787_600, 4_102_444_800)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("authorizer", [None, {}, {"lambda": {"claims": {"sub": "alice"}}}])
def test_a_route_without_a_jwt_authorizer_gives_no_ticket(
    authorizer: dict[str, Any] | None,
) -> None:
    event = http_event("POST", "/tickets")
    event["requestContext"]["authorizer"] = authorizer
    assert ticket.handler(event, object())["statusCode"] == 401


@pytest.mark.usefixtures("service")
def test_the_ticket_is_in_no_log_and_in_no_cache(caplog: pytest.LogCaptureFixture) -> None:
    event = http_event("POST", "/tickets")
    event["requestContext"]["authorizer"] = {
        "jwt": {"claims": {"sub": "alice", "iat": "1763787600", "exp": "4102444800"}}
    }
    answer = ticket.handler(event, object())
    assert answer["headers"]["cache-control"] == "no-store"
    assert json.loads(answer["body"])["ticket"] not in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("service")
def test_a_failure_tells_the_client_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REALTIME_TABLE", "there-is-none")
    assert post() == (500, {"message": "the request failed; try again"})
