"""What operators have: alarms, dashboards, the topics that they are told by, and keys."""

from collections.abc import Mapping
from typing import Any

from .recipe import Accepted, Created, Inputs, Recipe

QUERY = ("namespace", "metricName", "dimensions")


def _alarm(inputs: Inputs) -> Inputs:
    """A metric of an expression has its statistic beside it in the request."""
    queries = inputs.pop("metricQueries", None)
    return inputs | ({"metrics": [_query(dict(query)) for query in queries]} if queries else {})


def _query(query: Inputs) -> Inputs:
    asked = query.pop("metric", None)
    if asked is None:
        return query
    metric = {name: asked[name] for name in QUERY if name in asked}
    return query | {
        "metricStat": {"metric": metric, "period": asked["period"], "stat": asked["stat"]}
    }


def _topic(inputs: Inputs) -> Inputs:
    key = inputs.pop("kmsMasterKeyId", None)
    return inputs | ({"attributes": {"KmsMasterKeyId": key}} if key else {})


def _topic_policy(inputs: Inputs) -> Inputs:
    return {
        "topicArn": inputs["arn"],
        "attributeName": "Policy",
        "attributeValue": inputs["policy"],
    }


def _rotation(client: Any, key: Created) -> Mapping[str, Any]:
    if key.inputs.get("enableKeyRotation"):
        client.enable_key_rotation(KeyId=key.id)
    return {}


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": Recipe(
        service="cloudwatch",
        operation="PutMetricAlarm",
        id="{request[AlarmName]}",
        name="name",
        rename={"name": "AlarmName"},
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{request[AlarmName]}"},
        prepare=_alarm,
    ),
    "aws:cloudwatch/dashboard:Dashboard": Recipe(
        service="cloudwatch", operation="PutDashboard", id="{request[DashboardName]}"
    ),
    "aws:sns/topic:Topic": Recipe(
        service="sns",
        operation="CreateTopic",
        id="{response[TopicArn]}",
        name="name",
        outputs={"arn": "{response[TopicArn]}"},
        prepare=_topic,
    ),
    "aws:sns/topicPolicy:TopicPolicy": Recipe(
        service="sns",
        operation="SetTopicAttributes",
        id="{request[TopicArn]}",
        prepare=_topic_policy,
    ),
    "aws:sns/topicSubscription:TopicSubscription": Recipe(
        service="sns",
        operation="Subscribe",
        id="{response[SubscriptionArn]}",
        rename={"topic": "TopicArn"},
        outputs={"arn": "{response[SubscriptionArn]}"},
    ),
    "aws:kms/key:Key": Recipe(
        service="kms",
        operation="CreateKey",
        id="{response[KeyMetadata][KeyId]}",
        outputs={
            "arn": "{response[KeyMetadata][Arn]}",
            "keyId": "{response[KeyMetadata][KeyId]}",
        },
        ignore=frozenset({"deletionWindowInDays", "enableKeyRotation"}),
        after=(_rotation,),
    ),
}
