from collections.abc import Iterator
from typing import Any

import pytest

from examples.orders.infrastructure.state_machine import Parts, definition

PARTS = Parts(
    stock_function_arn="stock",
    payment_function_arn="payment",
    orders_table_name="orders",
    publish_queue_url="publish",
    unfinished_queue_url="unfinished",
)
DOCUMENT = definition(PARTS)
STATES: dict[str, dict[str, Any]] = DOCUMENT["States"]
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]
OWED = ("Refund", "Release", "PublishConfirmed", "PublishRefunded")


def following(state: dict[str, Any]) -> Iterator[str]:
    yield from (choice["Next"] for choice in state.get("Choices", []))
    yield from (catcher["Next"] for catcher in state.get("Catch", []))
    yield from (state[key] for key in ("Next", "Default") if key in state)


def paths(name: str) -> Iterator[list[str]]:
    """Every way from a state to an end; a cycle would make this endless, and is a failure."""
    after = list(following(STATES[name]))
    if not after or STATES[name].get("End"):
        yield [name]
    for following_name in after:
        yield from ([name, *rest] for rest in paths(following_name))


PATHS = list(paths(DOCUMENT["StartAt"]))


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_timeout_tries_again_with_jitter_and_catches_everything(name: str) -> None:
    state = STATES[name]
    assert state["TimeoutSeconds"] > 0
    last = state["Retry"][-1]
    assert last["ErrorEquals"] == state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert last["MaxAttempts"] >= 3
    assert last["BackoffRate"] > 1
    assert last["JitterStrategy"] == "FULL"


@pytest.mark.parametrize("name", TASKS)
def test_a_task_never_retries_a_decision_whose_condition_failed(name: str) -> None:
    conditions = "ConditionExpression" in STATES[name]["Parameters"]
    never = [r["ErrorEquals"] for r in STATES[name]["Retry"] if r["MaxAttempts"] == 0]
    assert bool(never) == conditions


def test_every_path_publishes_a_decision_or_keeps_the_order_and_fails() -> None:
    ends = {tuple(path[-1:]) if path[-1] != "Unfinished" else tuple(path[-2:]) for path in PATHS}
    assert ends == {("PublishConfirmed",), ("PublishRefunded",), ("KeepUnfinished", "Unfinished")}
    assert STATES["Unfinished"]["Type"] == "Fail"


def test_every_state_is_on_some_path() -> None:
    assert {name for path in PATHS for name in path} == STATES.keys()


def test_the_saga_undoes_the_last_step_first() -> None:
    (done,) = {tuple(path) for path in PATHS if path[-2:] == ["Confirm", "PublishConfirmed"]}
    assert [name for name in done if not name.endswith("Answered")] == [
        *("Reserve", "Charge", "Commit", "Confirm", "PublishConfirmed")
    ]
    undoing = [path for path in PATHS if path[-1] == "PublishRefunded"]
    assert undoing
    for path in undoing:
        assert path[-4:] == ["Cancel", "Refund", "Release", "PublishRefunded"]


def test_nothing_is_given_back_before_the_order_is_cancelled() -> None:
    for path in PATHS:
        for name in {"Refund", "Release"} & set(path):
            assert path.index("Cancel") < path.index(name)


def test_the_saga_publishes_confirmed_only_after_that_decision() -> None:
    for path in PATHS:
        if "PublishConfirmed" in path:
            before = path[path.index("PublishConfirmed") - 1]
            assert before in ("Confirm", "Cancel")
    (otherwise, _) = STATES["Cancel"]["Catch"]
    assert otherwise["ErrorEquals"] == ["DynamoDB.ConditionalCheckFailedException"]
    assert otherwise["Next"] == "PublishConfirmed"


def test_a_failure_of_any_step_cancels_the_order() -> None:
    for name in ("Reserve", "Charge", "Commit", "Confirm"):
        assert {catcher["Next"] for catcher in STATES[name]["Catch"]} == {"Cancel"}


@pytest.mark.parametrize("name", OWED)
def test_a_step_that_is_owed_is_retried_for_long_and_then_kept_for_a_person(name: str) -> None:
    retry, catcher = STATES[name]["Retry"][-1], STATES[name]["Catch"][-1]
    assert retry["MaxAttempts"] >= 10
    assert catcher["Next"] == "KeepUnfinished"


def test_the_saga_has_no_timeout_that_would_cut_off_a_compensation() -> None:
    assert "TimeoutSeconds" not in DOCUMENT


@pytest.mark.parametrize("status", ["confirmed", "refunded"])
def test_the_message_is_the_status_in_the_customers_own_group_once_an_order(status: str) -> None:
    parameters = STATES[f"Publish{status.capitalize()}"]["Parameters"]
    body = parameters["MessageBody"]
    order_id, channel = "$$.Execution.Input.order_id", "$$.Execution.Input.channel"
    assert parameters["QueueUrl"] == "publish"
    assert parameters["MessageGroupId.$"] == body["channel.$"] == channel
    assert parameters["MessageDeduplicationId.$"] == body["id.$"] == order_id
    assert body["value"] == {"message": status, "orderId.$": order_id}
    assert body["source"] == "orders"
