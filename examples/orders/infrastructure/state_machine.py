"""The saga as a document in Amazon States Language: plain data, so that tests can walk it.

Any step may be repeated, time out and still take effect later, or run in two executions at once.
Three rules make that harmless. Each service remembers its step for an order, and the step's
reversal. The order's row is decided once: `Confirm` and `Cancel` exclude each other. Only the steps
after `Cancel` give anything back.

The execution has no timeout, which could end it in the midst of its compensations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

SOURCE = "orders"
"""The saga's name as a publisher on the publish queue."""

# Longer than the function's own, so that one that still runs is rarely given up.
TASK_TIMEOUT_SECONDS = 15
# A service rejects a step in its answer. An exception is a failure that may pass.
RETRY_STEP = {
    "ErrorEquals": ["States.ALL"],
    "IntervalSeconds": 1,
    "BackoffRate": 2.0,
    "MaxAttempts": 3,
    "MaxDelaySeconds": 10,
    "JitterStrategy": "FULL",
}
# A step that is owed to a customer is tried for up to 40 minutes, then left to a person.
RETRY_OWED = {**RETRY_STEP, "MaxAttempts": 15, "MaxDelaySeconds": 300}
CONDITION_FAILED = "DynamoDB.ConditionalCheckFailedException"
NEVER_RETRY_CONDITION = {"ErrorEquals": [CONDITION_FAILED], "MaxAttempts": 0}

# The order as it was when the execution began: no step can spoil it for those that follow.
ORDER = "$$.Execution.Input"

State = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The functions, the table and the queues that the saga calls."""

    stock_function_arn: pulumi.Input[str]
    payment_function_arn: pulumi.Input[str]
    orders_table_name: pulumi.Input[str]
    publish_queue_url: pulumi.Input[str]
    unfinished_queue_url: pulumi.Input[str]


def definition(parts: Parts) -> dict[str, Any]:
    stock, payment = parts.stock_function_arn, parts.payment_function_arn
    return {
        "Comment": "Reserve, charge, commit, confirm; or cancel, refund, release. Then publish.",
        "StartAt": "Reserve",
        "States": {
            **_step("Reserve", stock, "reserve", then="Charge"),
            **_step("Charge", payment, "charge", then="Commit"),
            **_step("Commit", stock, "commit", then="Confirm"),
            "Confirm": _decide(
                parts,
                "confirmed",
                condition="#status IN (:placed, :decided)",
                then="PublishConfirmed",
                otherwise="Cancel",
                failing="Cancel",
            ),
            "Cancel": _decide(
                parts,
                "refunded",
                condition="attribute_not_exists(#status) OR #status IN (:placed, :decided)",
                then="Refund",
                otherwise="PublishConfirmed",
                failing="KeepUnfinished",
            ),
            "Refund": _owed(_call(payment, "refund"), then="Release"),
            "Release": _owed(_call(stock, "release"), then="PublishRefunded"),
            "PublishConfirmed": _owed(_publish(parts, "confirmed")),
            "PublishRefunded": _owed(_publish(parts, "refunded")),
            "KeepUnfinished": {
                **_keep_unfinished(parts),
                "TimeoutSeconds": TASK_TIMEOUT_SECONDS,
                "Retry": [RETRY_OWED],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Unfinished"}],
                "Next": "Unfinished",
            },
            "Unfinished": {
                "Type": "Fail",
                "Error": "OrderUnfinished",
                "Cause": "Start the saga again with this execution's input: each step is harmless"
                " to repeat, and those that are missing will be done.",
            },
        },
    }


def _step(
    name: str, function_arn: pulumi.Input[str], action: str, *, then: str
) -> dict[str, State]:
    """A call to a service. Its rejection cancels the order."""
    answered = f"{name}Answered"
    return {
        name: {
            **_call(function_arn, action),
            "OutputPath": "$.Payload",
            "TimeoutSeconds": TASK_TIMEOUT_SECONDS,
            "Retry": [RETRY_STEP],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Cancel"}],
            "Next": answered,
        },
        answered: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.outcome", "StringEquals": "done", "Next": then}],
            "Default": "Cancel",
        },
    }


def _decide(
    parts: Parts, decision: str, *, condition: str, then: str, otherwise: str, failing: str
) -> State:
    """Decides the order if it is not decided `otherwise`. A missing row can only be cancelled."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Parameters": {
            "TableName": parts.orders_table_name,
            "Key": {"PK": {"S.$": f"{ORDER}.order_id"}},
            "UpdateExpression": "SET #status = :decided",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":placed": {"S": "placed"}, ":decided": {"S": decision}},
        },
        "TimeoutSeconds": TASK_TIMEOUT_SECONDS,
        "Retry": [NEVER_RETRY_CONDITION, RETRY_STEP if failing == "Cancel" else RETRY_OWED],
        "Catch": [
            {"ErrorEquals": [CONDITION_FAILED], "Next": otherwise},
            {"ErrorEquals": ["States.ALL"], "Next": failing},
        ],
        "Next": then,
    }


def _owed(call: State, *, then: str | None = None) -> State:
    """A step that has to happen: tried for 40 minutes, then kept for a person, never dropped."""
    return {
        **call,
        "TimeoutSeconds": TASK_TIMEOUT_SECONDS,
        "Retry": [RETRY_OWED],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "KeepUnfinished"}],
        **({"End": True} if then is None else {"Next": then}),
    }


def _call(function_arn: pulumi.Input[str], action: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": function_arn,
            "Payload": {"action": action, "order.$": ORDER},
        },
    }


def _publish(parts: Parts, status: str) -> State:
    """Straight to the platform's publish queue: group is the channel, the order's id the message's.

    An order has one message, however many executions publish it.
    """
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {
            "QueueUrl": parts.publish_queue_url,
            "MessageGroupId.$": f"{ORDER}.channel",
            "MessageDeduplicationId.$": f"{ORDER}.order_id",
            "MessageBody": {
                "channel.$": f"{ORDER}.channel",
                "id.$": f"{ORDER}.order_id",
                "source": SOURCE,
                "value": {"message": status, "orderId.$": f"{ORDER}.order_id"},
            },
        },
    }


def _keep_unfinished(parts: Parts) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {
            "QueueUrl": parts.unfinished_queue_url,
            "MessageBody": {
                "execution.$": "$$.Execution.Name",
                "order.$": ORDER,
                "failure.$": "$",
            },
        },
    }
