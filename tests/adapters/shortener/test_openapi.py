"""docs/openapi.yaml is valid, and the running functions answer as it says."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate
from types_boto3_dynamodb.client import DynamoDBClient

from components.shortener.api import LINKS_ROUTES
from handlers.shortener import links_api
from handlers.shortener.new_link import NewLink, RefusedLinkError, parse
from handlers.shortener.store import BusyError, LinkStore
from tests.adapters.shortener.bus import Peer, follow, make
from tests.fakes.links import LINKS_TABLE, PUBLIC_URL, Context, http_event

DOCUMENT: Mapping[str, Any] = yaml.safe_load(
    (Path(__file__).parents[3] / "docs" / "openapi.yaml").read_text()
)
METHODS = ("get", "head", "post", "delete")
TARGET = "https://example.com/"


def operations() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Route keys as API Gateway writes them, and their operations."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


OPERATIONS = dict(operations())


def resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for key in part["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def check(schema: Mapping[str, Any], value: object) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(value, whole, jsonschema.Draft202012Validator)


def assert_described(route: str, answer: Mapping[str, Any], status: int) -> None:
    """The operation has the status, and its schema the body."""
    assert answer["statusCode"] == status
    response = resolved(OPERATIONS[route]["responses"][str(status)])
    headers = {name.lower() for name in answer.get("headers", {})}
    assert set(response.get("headers", {})) <= headers
    if "content" not in response:
        assert not answer["body"]
    else:
        check(response["content"]["application/json"]["schema"], json.loads(answer["body"]))


@pytest.fixture(autouse=True)
def functions(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = links_api.Environment(links_table=LINKS_TABLE, public_url=PUBLIC_URL)
    monkeypatch.setattr(links_api, "_environment", lambda: environment)
    monkeypatch.setattr(links_api, "_links", lambda: LinkStore(dynamodb, LINKS_TABLE))


def call(method: str, path: str, **event: Any) -> dict[str, Any]:
    event.setdefault("owner", "ada")
    return links_api.handler(http_event(method, path, **event), Context("links"))


def body(**fields: object) -> str:
    return json.dumps({"target": TARGET, **fields})


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_document_has_every_route_of_the_links_api() -> None:
    assert {route for route in OPERATIONS if "/links" in route} == set(LINKS_ROUTES)


def test_the_document_asks_for_a_token_where_the_api_does() -> None:
    public = {route for route, operation in OPERATIONS.items() if operation.get("security") == []}
    assert public == set(OPERATIONS) - set(LINKS_ROUTES)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (body(), 201),
        (body(alias="Spring-Sale", expires_at="2999-01-01T00:00:00Z"), 201),
        (body(alias=None, expires_at=None), 201),
        ("{", 400),
        (body(alias="taken"), 409),
        ("x" * 8193, 413),
    ],
)
def test_making_a_link_is_answered_as_described(sent: str, status: int) -> None:
    call("POST", "/links", body=body(alias="taken"), owner="bob")
    assert_described("POST /links", call("POST", "/links", body=sent), status)


def test_lists_of_links_are_answered_as_described() -> None:
    for _ in range(3):
        call("POST", "/links", body=body())
    first = call("GET", "/links", query={"limit": "2"})
    assert_described("GET /links", first, 200)
    rest = {"cursor": json.loads(first["body"])["cursor"]}
    assert_described("GET /links", call("GET", "/links", query=rest), 200)
    foreign = base64.urlsafe_b64encode(b'["bob",1,"abc"]').decode()
    for query in ({"limit": "0"}, {"cursor": foreign}):
        assert_described("GET /links", call("GET", "/links", query=query), 400)


def test_a_link_is_read_and_deleted_as_described(dynamodb: DynamoDBClient) -> None:
    call("POST", "/links", body=body(alias="mine"))
    dynamodb.update_item(
        TableName=LINKS_TABLE,
        Key={"PK": {"S": "LINK#mine"}, "SK": {"S": "COUNT"}},
        UpdateExpression="SET #clicks = :two, #dayClicks = :two",
        ExpressionAttributeNames={"#clicks": "clicks", "#dayClicks": "dayClicks"},
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    read = call("GET", "/links/mine")
    assert_described("GET /links/{code}", read, 200)
    assert json.loads(read["body"])["days"]
    assert_described("GET /links/{code}", call("GET", "/links/mine", owner="bob"), 404)
    assert_described("DELETE /links/{code}", call("DELETE", "/links/mine"), 204)
    assert_described("DELETE /links/{code}", call("DELETE", "/links/mine"), 404)


@pytest.mark.parametrize("route", LINKS_ROUTES)
def test_a_request_without_a_token_is_answered_as_described(route: str) -> None:
    method, path = route.split(" ")
    assert_described(route, call(method, path.replace("{code}", "mine"), owner=None), 401)


@pytest.mark.parametrize("route", LINKS_ROUTES)
@pytest.mark.parametrize(("raised", "status"), [(BusyError("busy"), 503), (ValueError("?"), 500)])
def test_a_failure_is_answered_as_described(
    route: str, raised: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> LinkStore:
        raise raised

    monkeypatch.setattr(links_api, "_links", fail)
    method, path = route.split(" ")
    answer = call(method, path.replace("{code}", "mine"), body=body())
    assert_described(route, answer, status)


@pytest.mark.usefixtures("open_way")
def test_links_are_followed_as_described(links: LinkStore) -> None:
    make(links)
    make(links, "expired", expires_at=1)
    for method in ("GET", "HEAD"):
        route = f"{method} /{{code}}"
        assert_described(route, follow(method=method), 302)
        assert_described(route, follow("missing", method=method), 404)
        assert_described(route, follow("expired", method=method), 410)
    ahead = follow(headers={"sec-purpose": "prefetch"})
    assert_described("GET /{code}", ahead, 403)


@pytest.mark.usefixtures("open_way")
def test_a_redirect_that_fails_is_answered_as_described(table: Peer) -> None:
    table.answer = (400, {"__type": "AccessDeniedException"})
    assert_described("GET /{code}", follow(), 500)


@pytest.mark.parametrize(
    "wanted",
    [
        {"target": TARGET},
        {"target": TARGET, "alias": "Ok-1"},
        {},
        {"target": 1},
        {"target": TARGET, "alias": "no"},
        {"target": TARGET, "alias": "a b c"},
        {"target": TARGET, "expires_at": 1},
        {"target": TARGET, "owner": "bob"},
    ],
)
def test_the_schema_of_a_new_link_and_its_parser_agree(wanted: dict[str, object]) -> None:
    try:
        check(DOCUMENT["components"]["schemas"]["NewLink"], wanted)
    except jsonschema.ValidationError:
        with pytest.raises(RefusedLinkError):
            parse(json.dumps(wanted).encode(), lambda _: False)
    else:
        parse(json.dumps(wanted).encode(), lambda _: False)


def test_the_schema_of_a_new_link_has_the_parsers_keys() -> None:
    schema = DOCUMENT["components"]["schemas"]["NewLink"]
    required = {name for name, field in NewLink.model_fields.items() if field.is_required()}
    assert set(schema["properties"]) == set(NewLink.model_fields)
    assert set(schema["required"]) == required
