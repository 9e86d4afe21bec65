import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from handlers.realtime import protocol
from handlers.realtime.model import Position, Rejected, State
from handlers.realtime.protocol import BadMessage, Subscribe
from tests.fakes.protocol import valid

CHANNEL = "link:XzVZoih"

numbers = st.integers(0, protocol.LARGEST_INTEGER)
printable = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=64)
values = st.dictionaries(
    st.text(max_size=8).filter(lambda key: key != "realtime"),
    st.none() | st.booleans() | numbers | st.text(max_size=8) | st.lists(numbers, max_size=3),
    max_size=4,
)


def state(epoch: int = 5, version: int = 3, value: dict[str, Any] | None = None) -> State:
    return State(CHANNEL, epoch, version, value or {"clicks": version}, 1_763_787_600_123)


def refusal(text: str) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        protocol.parse(text)
    valid("control", protocol.error(caught.value.code, str(caught.value), caught.value.id))
    return caught.value


@given(numbers, numbers, values)
def test_a_push_is_the_value_and_the_reserved_key(
    epoch: int, version: int, value: dict[str, Any]
) -> None:
    pushed = State(CHANNEL, epoch, version, value, at=7)
    position = {"channel": CHANNEL, "epoch": epoch, "version": version, "at": 7}
    assert valid("push", protocol.push(pushed)) == {**value, "realtime": position}


def test_frames_are_compact_and_not_escaped() -> None:
    assert protocol.push(state(value={"name": "é"})).startswith('{"name":"é","realtime":{'.encode())


def test_the_other_control_frames_are_in_the_schema() -> None:
    valid("control", protocol.pong())
    valid("control", protocol.unsubscribed(protocol.Unsubscribe(CHANNEL, "7")))
    for code in get_args(protocol.Code):
        valid("control", protocol.error(code, "a sentence", "7"))


@given(numbers, numbers, printable)
def test_what_a_client_sends_is_what_is_read(epoch: int, version: int, message_id: str) -> None:
    message: dict[str, Any] = {
        "action": "subscribe",
        "channel": CHANNEL,
        "since": {"epoch": epoch, "version": version},
        "id": message_id,
        "unknown": None,
    }
    valid("message", json.dumps(message))
    expected = Subscribe(CHANNEL, Position(epoch, version), message_id)
    assert protocol.parse(json.dumps(message)) == expected


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_whatever_a_client_sends_is_read_or_refused(text: str) -> None:
    refusal(text)


@given(
    st.fixed_dictionaries(
        {"action": st.sampled_from(["subscribe", "unsubscribe", "ping", "publish"])},
        optional={
            "channel": st.sampled_from([CHANNEL, "", "a b", "a#b", "a" * 201, 1, None]),
            "since": st.sampled_from(
                [
                    {"epoch": 1, "version": 0},
                    {"epoch": 1},
                    {"epoch": True, "version": 1},
                    {"epoch": -1, "version": 1},
                    {"epoch": 1.5, "version": 1},
                    {"epoch": 2**53, "version": 1},
                    3,
                ]
            ),
            "id": st.sampled_from(["", "7", "x" * 65, 7, {}]),
        },
    )
)
def test_the_parser_accepts_what_the_schema_accepts(message: dict[str, Any]) -> None:
    text = json.dumps(message)
    try:
        valid("message", text)
    except ValidationError:
        assert refusal(text).code in ("bad_request", "unknown_action")
    else:
        if message["action"] != "ping":
            protocol.parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_request"),
        ("hello", "bad_request"),
        ("[" * 4000, "bad_request"),
        ("[]", "bad_request"),
        ("{}", "unknown_action"),
        ('{"action":"$connect"}', "unknown_action"),
        ('{"action":"subscribe"}', "bad_request"),
        ('{"action":"unsubscribe","channel":"a#b"}', "bad_request"),
        ('{"action":"ping","id":"\\ud800"}', "bad_request"),
        ('{"action":"ping","x":"' + "é" * 2048 + '"}', "payload_too_large"),
    ],
)
def test_a_refusal_has_a_stable_code(text: str, code: str) -> None:
    assert refusal(text).code == code


def test_a_refusal_gives_back_the_messages_id() -> None:
    assert refusal('{"action":"fly","id":"7"}').id == "7"


def test_a_frame_has_at_most_thirty_one_kilobytes() -> None:
    with pytest.raises(Rejected, match="the frame for link:XzVZoih"):
        protocol.push(state(value={"x": "e" * 31 * 1024}))
