import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.shortener import new_link

TARGET = "https://example.com/"


def parse(body: bytes) -> new_link.NewLink:
    return new_link.parse(body, lambda host: host == "sho.rt")


def test_a_target_is_all_that_a_link_needs() -> None:
    wanted = parse(json.dumps({"target": TARGET}).encode())
    assert (wanted.target, wanted.alias, wanted.expires_at) == (TARGET, None, None)


def test_an_expiry_is_kept_in_utc() -> None:
    body = json.dumps({"target": TARGET, "expires_at": "2999-01-01T02:00:00+02:00"})
    assert parse(body.encode()).expires_at == datetime(2999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "target: "),
        ({"target": 7}, "target: "),
        ({"target": "ftp://secret.example"}, "target: the target must start with http"),
        ({"target": "https://sho.rt/secret"}, "target: the target must not be an address of this"),
        ({"target": TARGET, "alias": "Links"}, "alias: must be 3 to 32"),
        ({"target": TARGET, "alias": "ab"}, "alias: must be 3 to 32"),
        ({"target": TARGET, "alias": "links"}, "alias: must be 3 to 32"),
        ({"target": TARGET, "owner": "eve"}, "owner: "),
        ({"target": TARGET, "expires_at": 4102444800}, "expires_at: must be a date"),
        ({"target": TARGET, "expires_at": "4102444800"}, "expires_at: must be a date"),
        ({"target": TARGET, "expires_at": "2999-01-01"}, "expires_at: must be a date"),
        ({"target": TARGET, "expires_at": "2999-01-01T00:00:00"}, "expires_at: must be a date"),
        ({"target": TARGET, "expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at: must be a"),
        ({"target": TARGET, "expires_at": "2001-01-01T00:00:00Z"}, "expires_at: must be in the"),
        ([], "body: "),
        ("secret", "body: "),
    ],
)
def test_a_wrong_body_is_refused_by_the_field_and_without_its_value(body: Any, reason: str) -> None:
    with pytest.raises(new_link.RefusedLinkError) as caught:
        parse(json.dumps(body).encode())
    assert str(caught.value).startswith(reason)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_aliases_that_differ_by_case_alone_are_one() -> None:
    aliases = [
        parse(json.dumps({"target": TARGET, "alias": alias}).encode()).alias
        for alias in ("Spring-Sale", "spring-sale", "SPRING-SALE")
    ]
    assert aliases == ["spring-sale"] * 3


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"target":"\\ud800"}', b"[" * 8000])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(new_link.RefusedLinkError, match=r"^body: "):
        parse(body)
