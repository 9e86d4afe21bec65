"""Queues and buses."""

from collections.abc import Mapping

from .recipe import Accepted, Inputs, Recipe

QUEUE_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
TARGET_RENAMES = {
    "targets.inputTransformer.inputPaths": "InputPathsMap",
    "targets.sqsTarget": "SqsParameters",
}


def _attributes(inputs: Inputs) -> Inputs:
    """SQS has one map of attributes for what are inputs of their own."""
    attributes = {
        attribute: inputs.pop(name)
        for name, attribute in QUEUE_ATTRIBUTES.items()
        if inputs.get(name) is not None
    }
    return inputs | {"attributes": attributes}


def _queue(inputs: Inputs) -> Inputs:
    if inputs.get("fifoQueue") and not inputs["name"].endswith(".fifo"):
        inputs["name"] += ".fifo"  # AWS demands it; the provider's made-up names have it
    return _attributes(inputs)


def _target(inputs: Inputs) -> Inputs:
    """One target is one resource; the request has a list of them."""
    rule = {name: inputs.pop(name) for name in ("rule", "eventBusName") if name in inputs}
    return rule | {"targets": [{"id": inputs.pop("targetId"), **inputs}]}


ON_QUEUE = Recipe(
    service="sqs", operation="SetQueueAttributes", id="{request[QueueUrl]}", prepare=_attributes
)

RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:sqs/queue:Queue": Recipe(
        service="sqs",
        operation="CreateQueue",
        id="{response[QueueUrl]}",
        name="name",
        rename={"name": "QueueName"},
        outputs={
            "arn": "arn:aws:sqs:{region}:{account}:{request[QueueName]}",
            "name": "{request[QueueName]}",
            "url": "{response[QueueUrl]}",
        },
        prepare=_queue,
    ),
    "aws:sqs/queuePolicy:QueuePolicy": ON_QUEUE,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": ON_QUEUE,
    "aws:sqs/redrivePolicy:RedrivePolicy": ON_QUEUE,
    "aws:cloudwatch/eventBus:EventBus": Recipe(
        service="events",
        operation="CreateEventBus",
        id="{request[Name]}",
        name="name",
        outputs={"arn": "{response[EventBusArn]}"},
    ),
    "aws:cloudwatch/eventRule:EventRule": Recipe(
        service="events",
        operation="PutRule",
        id="{request[Name]}",
        name="name",
        outputs={"arn": "{response[RuleArn]}"},
        ignore=frozenset({"forceDestroy"}),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Recipe(
        service="events",
        operation="PutTargets",
        id="{request[Rule]}-{request[Targets][0][Id]}",
        name="targetId",
        rename=TARGET_RENAMES,
        ignore=frozenset({"forceDestroy"}),
        prepare=_target,
    ),
}
