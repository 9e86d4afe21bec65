"""Queues, buses, topics, keys and what operators have."""

import json

from tests.e2e.lives.case import BUS, KEY, QUEUE, RULE, TOPIC, Case, allowed


def redrive(arn: str, *, times: int) -> str:
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": times})


CASES: dict[str, Case] = {
    QUEUE: Case(
        lambda _: {"visibilityTimeoutSeconds": 60, "kmsMasterKeyId": "alias/a"},
        {"visibilityTimeoutSeconds": 90},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Case(
        lambda world: {"queueUrl": world.id(QUEUE), "policy": allowed("sqs:SendMessage")},
        {"policy": allowed("sqs:ReceiveMessage")},
    ),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": Case(
        lambda world: {
            "queueUrl": world.id(QUEUE),
            "redriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"}),
        },
        {"redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})},
    ),
    "aws:sqs/redrivePolicy:RedrivePolicy": Case(
        lambda world: {
            "queueUrl": world.id(QUEUE),
            "redrivePolicy": redrive(world.arn(QUEUE), times=3),
        },
        lambda world: {"redrivePolicy": redrive(world.arn(QUEUE), times=4)},
    ),
    BUS: Case(lambda _: {"description": "a"}, {"description": "b"}),
    RULE: Case(
        lambda world: {"eventBusName": world.id(BUS), "eventPattern": '{"source": ["a"]}'},
        {"eventPattern": '{"source": ["b"]}'},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Case(
        lambda world: {
            "rule": world.id(RULE),
            "eventBusName": world.id(BUS),
            "arn": world.arn(QUEUE),
            "inputPath": "$.detail",
        },
        {"inputPath": "$.source"},
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Case(
        lambda _: {
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "errors",
            "namespace": "shop",
            "period": 60,
            "statistic": "Sum",
            "threshold": 1,
            "dimensions": {"queue": "a"},
        },
        {"threshold": 2, "dimensions": {"queue": "b"}},
    ),
    "aws:cloudwatch/dashboard:Dashboard": Case(
        lambda _: {"dashboardName": "shop", "dashboardBody": '{"widgets": []}'},
        {"dashboardBody": '{"widgets": [], "start": "-PT1H"}'},
    ),
    TOPIC: Case(lambda _: {"kmsMasterKeyId": "alias/a"}, {"kmsMasterKeyId": "alias/b"}),
    "aws:sns/topicPolicy:TopicPolicy": Case(
        lambda world: {"arn": world.arn(TOPIC), "policy": allowed("sns:Publish")},
        {"policy": allowed("sns:Subscribe")},
    ),
    "aws:sns/topicSubscription:TopicSubscription": Case(
        lambda world: {
            "topic": world.arn(TOPIC),
            "protocol": "sqs",
            "endpoint": world.arn(QUEUE),
        },
    ),
    KEY: Case(
        lambda _: {"description": "a", "enableKeyRotation": True},
        {"description": "b", "enableKeyRotation": False},
        frozenset({"enableKeyRotation"}),
    ),
}
