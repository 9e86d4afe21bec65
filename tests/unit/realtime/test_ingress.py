import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from handlers.realtime import protocol
from handlers.realtime.channels import Rules
from handlers.realtime.every.mode import ACCEPTED_SECONDS
from handlers.realtime.ingress import admit, check_size, from_bus, from_queue
from handlers.realtime.model import Rejected, Request, Update
from tests.fakes.delivery import Fakes
from tests.fakes.protocol import valid

NOW = 1_763_787_600_123
SENT_AT = NOW - 5
RULES = Rules.parse(
    json.dumps(
        [
            {
                "pattern": pattern,
                "access": access,
                "delivery": delivery,
                "min_interval_ms": 0,
                "publishers": publishers,
            }
            for pattern, access, delivery, publishers in [
                ("user:{sub}", "owner", "every", ["orders"]),
                ("link:*", "public", "latest", ["shortener", "admin"]),
                ("inside:*", "public", "latest", []),
            ]
        ]
    )
)
LATEST: dict[str, Any] = {"channel": "link:a", "value": {"n": 1}, "source": "admin", "version": 7}
EVERY: dict[str, Any] = {"channel": "user:42", "value": {"n": 1}, "source": "orders", "id": "i"}


ENGINE = replace(Fakes(now=NOW).engine, rules=RULES)


def admitted(fields: Any) -> Update:
    return admit(ENGINE, from_queue(json.dumps(fields), SENT_AT))


def code(fields: Any) -> str:
    with pytest.raises(Rejected) as caught:
        admitted(fields)
    valid("refusal", json.dumps({"message_id": "m", "code": caught.value.code, "message": "-"}))
    return caught.value.code


def event(detail: Any = LATEST, **fields: Any) -> str:
    return json.dumps(
        {
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "realtime.publish",
            "source": "shortener",
            "time": "2025-11-22T05:00:00Z",
            "detail": detail,
            **fields,
        }
    )


def test_a_latest_channel_takes_its_version_or_the_time_for_one() -> None:
    value = {"n": 1}
    assert admitted(LATEST) == Update("link:a", value, 7, SENT_AT)
    assert admitted({**LATEST, "at": 9, "epoch": 3}) == Update("link:a", value, 7, 9, 3)
    timed = {name: LATEST[name] for name in ("channel", "value", "source")}
    assert admitted({**timed, "at": 9}) == Update("link:a", value, 9, 9)
    assert code(timed) == "missing_version"


def test_version_0_is_a_version() -> None:
    assert admitted({**LATEST, "version": 0, "at": 9}) == Update("link:a", {"n": 1}, 0, 9)


def test_an_every_channel_takes_an_id() -> None:
    assert admitted(EVERY) == Update("user:42", {"n": 1}, 0, SENT_AT, id="i")
    assert admitted({**EVERY, "at": NOW}) == Update("user:42", {"n": 1}, 0, NOW, id="i")
    assert code({name: EVERY[name] for name in ("channel", "value", "source")}) == "missing_id"


@pytest.mark.parametrize("source", ["orders", "Shortener", "shortener ", ""])
def test_a_source_that_the_rule_does_not_list_is_refused(source: str) -> None:
    assert code({**LATEST, "source": source}) in ("forbidden_source", "malformed")


def test_a_message_without_a_source_is_refused() -> None:
    assert code({"channel": "link:a", "value": {}, "version": 1}) == "forbidden_source"


def test_a_rule_without_publishers_refuses_everybody() -> None:
    assert code({**LATEST, "channel": "inside:a"}) == "forbidden_source"


def test_a_channel_without_a_rule_is_refused() -> None:
    assert code({**LATEST, "channel": "other:a"}) == "unknown_channel"


def test_the_owner_of_a_channel_does_not_matter_to_a_publisher() -> None:
    assert admitted({**EVERY, "channel": "user:43"}).id == "i"


def test_an_event_too_old_for_its_id_to_be_known_is_refused() -> None:
    oldest = NOW - ACCEPTED_SECONDS * 1000
    assert admitted({**EVERY, "at": oldest}).id == "i"
    assert code({**EVERY, "at": oldest - 1}) == "too_old"
    assert code({**EVERY, "at": NOW // 1000}) == "too_old"


def test_a_state_is_at_most_four_kilobytes() -> None:
    assert isinstance(admitted({**LATEST, "value": {"x": "e" * 4_088}}), Update)
    assert code({**LATEST, "value": {"x": "e" * 4_089}}) == "too_large"


def test_a_stack_may_take_less_than_a_frame_holds() -> None:
    request = from_queue(json.dumps({**EVERY, "value": {"x": "e" * 92}}), SENT_AT)
    check_size(request, 100)
    with pytest.raises(Rejected, match="has 100 bytes as JSON and may have 99") as caught:
        check_size(request, 99)
    assert caught.value.code == "too_large"


def test_an_event_may_fill_a_frame_with_the_longest_position() -> None:
    position = dict.fromkeys(("epoch", "version", "at"), protocol.LARGEST_INTEGER)
    frame = {"x": "", "realtime": position}
    frame["realtime"]["channel"] = EVERY["channel"]  # pyright: ignore[reportArgumentType,reportIndexIssue] - a literal of two kinds
    room = protocol.FRAME_LIMIT_BYTES - len(json.dumps(frame, separators=(",", ":")))
    assert admitted({**EVERY, "value": {"x": "e" * room}}).id == "i"
    assert code({**EVERY, "value": {"x": "e" * (room + 1)}}) == "too_large"


@pytest.mark.parametrize("value", ['{"realtime":1}', '{"x":NaN}', '{"x":"\\ud800"}'])
@pytest.mark.parametrize("fields", [LATEST, EVERY])
def test_a_value_that_cannot_be_pushed_is_refused(value: str, fields: dict[str, Any]) -> None:
    text = json.dumps({**fields, "value": "VALUE"}).replace('"VALUE"', value)
    with pytest.raises(Rejected) as caught:
        admit(ENGINE, from_queue(text, SENT_AT))
    assert caught.value.code == "invalid_value"


@pytest.mark.parametrize("text", ["", "hello", "[]", "3", "[" * 100_000])
def test_what_is_no_object_is_malformed_at_either_ingress(text: str) -> None:
    for read in (lambda: from_queue(text, SENT_AT), lambda: from_bus(text)):
        with pytest.raises(Rejected) as caught:
            read()
        assert caught.value.code == "malformed"


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(Rejected, match="got 'verison'"):
        admitted({**LATEST, "verison": 8})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "channel": st.sampled_from(["link:a", "", "a b", "a#b", "a" * 201, 1, None]),
            "value": st.sampled_from([{}, {"x": [1]}, [], "x", 1, None]),
            "version": st.sampled_from([0, 1, -1, 2**53, True, "1", None]),
            "at": st.sampled_from([0, 2**53 - 1, 1.5]),
            "epoch": st.sampled_from([0, -1, {}]),
            "id": st.sampled_from(["i", "", "a b", "é", "e" * 128, "e" * 129, 7, {}]),
            "source": st.sampled_from(["orders", "my orders", "", "é", "s" * 257, 7]),
            "other": st.just(1),
        },
    )
)
def test_the_queues_ingress_reads_what_the_schema_accepts(fields: dict[str, Any]) -> None:
    text = json.dumps(fields)
    try:
        valid("publish", text)
    except ValidationError:
        with pytest.raises(Rejected):
            from_queue(text, SENT_AT)
    else:
        assert from_queue(text, SENT_AT) == Request(**fields, sent_at=SENT_AT)


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_garbage_is_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(Rejected):
        from_bus(text)
    with pytest.raises(Rejected):
        from_queue(text, SENT_AT)


def test_on_the_bus_the_events_own_source_counts() -> None:
    request = from_bus(event({**LATEST, "source": "admin"}))
    assert request == Request("link:a", {"n": 1}, 1_763_787_600_000, version=7, source="shortener")


@pytest.mark.parametrize(
    "fields",
    [
        {"source": None},
        {"source": ["admin"]},
        {"time": None},
        {"time": "yesterday"},
        {"detail": None},
        {"detail": [LATEST]},
    ],
)
def test_an_event_that_is_none_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        from_bus(event(**fields))
    assert caught.value.code == "malformed"
