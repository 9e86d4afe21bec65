import json
from typing import Any

import pytest

from localcloud.command.logs import Follower, Line, parsed, rendered


def powertools(message: str, *, level: str = "INFO", **more: Any) -> str:
    usual = {"level": level, "message": message, "timestamp": "t", "service": "realtime"}
    return json.dumps({**usual, "function_request_id": "1", "location": "handler:1", **more})


def shown(message: str) -> Line:
    line = parsed("publish", message)
    assert line is not None
    return line


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 1 Version: $LATEST",
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 1 ms",
        json.dumps({"_aws": {"Timestamp": 1}, "Published": 1}),
        "\n",
    ],
)
def test_neither_what_lambda_prints_nor_a_metric_is_shown(message: str) -> None:
    assert parsed("publish", message) is None


@pytest.mark.parametrize(
    ("message", "is_bad"),
    [
        (powertools("published"), False),
        (powertools("publish refused", code="forbidden_source"), True),
        (powertools("publish rejected"), True),
        (powertools("rejected"), True),
        (powertools("posts failed", level="WARNING"), True),
        (powertools("message failed", level="ERROR"), True),
        ("a print of the program", False),
        ("[1, 2]", False),
    ],
)
def test_a_rejection_a_warning_and_an_error_are_red(message: str, *, is_bad: bool) -> None:
    assert shown(message).is_bad == is_bad
    assert ("[red]" in rendered(shown(message))) == is_bad


def test_a_line_has_its_function_its_text_and_the_details_of_its_own() -> None:
    line = shown(powertools("publish refused", code="malformed", reason="no [channel]"))
    assert line.details == {"code": "malformed", "reason": "no [channel]"}
    text = rendered(line)
    assert "publish" in text
    assert r"reason=no \[channel]" in text


def test_a_stack_trace_follows_its_line() -> None:
    assert rendered(shown(powertools("failed", level="ERROR", exception="Traceback: x"))).endswith(
        "\nTraceback: x[/]"
    )


class Logs:
    """CloudWatch Logs of the local cloud: a stream for each invocation."""

    class exceptions:  # noqa: N801 - boto3's name
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {}

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        if asked["logGroupName"] != "group":
            raise self.exceptions.ResourceNotFoundException
        return {
            "events": [
                {"logStreamName": name, "message": message}
                for name, messages in self.streams.items()
                for message in messages
            ]
        }


def test_each_line_is_shown_once_and_a_group_without_a_line_is_none() -> None:
    from rich.console import Console  # noqa: PLC0415 - one test needs it

    logs = Logs()
    follower = Follower(Console(), logs)
    follower._groups = {"publish": "group", "idle": "none yet"}  # pyright: ignore[reportPrivateUsage] - without its thread
    logs.streams["1"] = ["a", "b"]
    assert [line.text for line in follower.new_lines()] == ["a", "b"]
    logs.streams["1"].append("c")
    logs.streams["2"] = ["d"]
    assert [line.text for line in follower.new_lines()] == ["c", "d"]
    assert list(follower.new_lines()) == []
