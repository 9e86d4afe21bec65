"""Queues and buses."""

from collections.abc import Mapping

from .recipe import Accepted, Call, Inputs, Name, Recipe

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
    """SQS has one map of attributes, where the resource has an input for each."""
    attributes = {
        attribute: inputs.pop(name)
        for name, attribute in QUEUE_ATTRIBUTES.items()
        if inputs.get(name) is not None
    }
    return inputs | {"attributes": attributes}


def _target(inputs: Inputs) -> Inputs:
    """One target is one resource; the request has a list of them."""
    rule = {name: inputs.pop(name) for name in ("rule", "eventBusName") if name in inputs}
    return rule | {"targets": [{"id": inputs.pop("targetId"), **inputs}]}


def _on_queue(attribute: str) -> Recipe:
    """An attribute of a queue that is a resource of its own; an empty one takes it away."""
    input_ = f"{attribute[0].lower()}{attribute[1:]}"
    return Recipe(
        service="sqs",
        operation="SetQueueAttributes",
        id="{request[QueueUrl]}",
        prepare=_attributes,
        replaces=frozenset({"queueUrl"}),
        key={"QueueUrl": "{id}"},
        read=Call(operation="GetQueueAttributes", members={"AttributeNames": [attribute]}),
        found="Attributes",
        reads={input_: attribute},
        update="SetQueueAttributes",
        delete=Call(operation="SetQueueAttributes", members={"Attributes": {attribute: ""}}),
    )


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:sqs/queue:Queue": Recipe(
        service="sqs",
        operation="CreateQueue",
        id="{response[QueueUrl]}",
        name=Name(length=80, fifo="fifoQueue"),
        rename={"name": "QueueName"},
        outputs={
            "arn": "arn:aws:sqs:{region}:{account}:{request[QueueName]}",
            "url": "{response[QueueUrl]}",
        },
        prepare=_attributes,
        replaces=frozenset({"fifoQueue", "name", "namePrefix"}),
        defaults={
            "delaySeconds": 0,
            "fifoQueue": False,
            "kmsMasterKeyId": "",
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        kept=frozenset(
            {
                *("deduplicationScope", "fifoThroughputLimit", "kmsDataKeyReusePeriodSeconds"),
                *("policy", "redriveAllowPolicy", "redrivePolicy", "sqsManagedSseEnabled"),
            }
        ),
        key={"QueueUrl": "{id}"},
        read=Call(operation="GetQueueAttributes", members={"AttributeNames": ["All"]}),
        found="Attributes",
        reads=QUEUE_ATTRIBUTES,
        update="SetQueueAttributes",
        delete=Call(operation="DeleteQueue"),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _on_queue("Policy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _on_queue("RedriveAllowPolicy"),
    "aws:sqs/redrivePolicy:RedrivePolicy": _on_queue("RedrivePolicy"),
    "aws:cloudwatch/eventBus:EventBus": Recipe(
        service="events",
        operation="CreateEventBus",
        id="{request[Name]}",
        name=Name(),
        outputs={"arn": "{response[EventBusArn]}"},
        replaces=frozenset({"eventSourceName", "name"}),
        key={"Name": "{id}"},
        read=Call(operation="DescribeEventBus"),
        found="@",
        update="UpdateEventBus",
        delete=Call(operation="DeleteEventBus"),
    ),
    "aws:cloudwatch/eventRule:EventRule": Recipe(
        service="events",
        operation="PutRule",
        id="{request[Name]}",
        name=Name(length=64),
        outputs={"arn": "{response[RuleArn]}"},
        ignore=frozenset({"forceDestroy"}),
        replaces=frozenset({"eventBusName", "name", "namePrefix"}),
        defaults={"eventBusName": "default", "forceDestroy": False},
        kept=frozenset({"state"}),
        key={"Name": "{id}", "EventBusName": "{state[eventBusName]}"},
        read=Call(operation="DescribeRule"),
        found="@",
        update="PutRule",
        delete=Call(operation="DeleteRule"),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Recipe(
        service="events",
        operation="PutTargets",
        id="{request[Rule]}-{request[Targets][0][Id]}",
        name=Name(input="targetId"),
        rename=TARGET_RENAMES,
        ignore=frozenset({"forceDestroy"}),
        prepare=_target,
        replaces=frozenset({"eventBusName", "rule", "targetId"}),
        defaults={"eventBusName": "default", "forceDestroy": False},
        key={
            "Rule": "{state[rule]}",
            "EventBusName": "{state[eventBusName]}",
            "Ids": ["{state[targetId]}"],
        },
        read=Call(operation="ListTargetsByRule"),
        found="Targets[?Id=='{state[targetId]}'] | [0]",
        reads={"arn": "Arn", "inputPath": "InputPath"},
        update="PutTargets",
        delete=Call(operation="RemoveTargets"),
    ),
}
