"""Resources for operators: alarms, dashboards, topics of notifications, and keys."""

from collections.abc import Mapping
from typing import Any

from .recipe import Accepted, Call, Created, Inputs, Name, Recipe

DASHBOARD = "arn:aws:cloudwatch::{account}:dashboard/"
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
    else:
        client.disable_key_rotation(KeyId=key.id)
    return {}


def _key_policy(client: Any, key: Created) -> Mapping[str, Any]:
    client.put_key_policy(KeyId=key.id, PolicyName="default", Policy=key.request["Policy"])
    return {}


def _description(client: Any, key: Created) -> Mapping[str, Any]:
    client.update_key_description(KeyId=key.id, Description=key.request["Description"])
    return {}


def _key_of_topic(client: Any, topic: Created) -> Mapping[str, Any]:
    key = topic.inputs.get("kmsMasterKeyId", "")
    client.set_topic_attributes(
        TopicArn=topic.id, AttributeName="KmsMasterKeyId", AttributeValue=key
    )
    return {}


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": Recipe(
        service="cloudwatch",
        operation="PutMetricAlarm",
        id="{request[AlarmName]}",
        name=Name(),
        rename={"name": "AlarmName"},
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{request[AlarmName]}"},
        prepare=_alarm,
        replaces=frozenset({"name"}),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        key={"AlarmNames": ["{id}"]},
        read=Call(operation="DescribeAlarms"),
        found="MetricAlarms | [0]",
        update="PutMetricAlarm",
        delete=Call(operation="DeleteAlarms"),
    ),
    "aws:cloudwatch/dashboard:Dashboard": Recipe(
        service="cloudwatch",
        operation="PutDashboard",
        id="{request[DashboardName]}",
        outputs={"dashboardArn": DASHBOARD + "{request[DashboardName]}"},
        replaces=frozenset({"dashboardName"}),
        key={"DashboardName": "{id}", "DashboardNames": ["{id}"]},
        read=Call(operation="GetDashboard"),
        found="@",
        update="PutDashboard",
        delete=Call(operation="DeleteDashboards"),
    ),
    "aws:sns/topic:Topic": Recipe(
        service="sns",
        operation="CreateTopic",
        id="{response[TopicArn]}",
        name=Name(length=80, fifo="fifoTopic"),
        outputs={"arn": "{response[TopicArn]}"},
        prepare=_topic,
        replaces=frozenset({"fifoTopic", "name", "namePrefix"}),
        defaults={"fifoTopic": False, "kmsMasterKeyId": ""},
        key={"TopicArn": "{id}"},
        read=Call(operation="GetTopicAttributes"),
        found="Attributes",
        reads={"kmsMasterKeyId": "KmsMasterKeyId"},
        changes={"kmsMasterKeyId": _key_of_topic},
        delete=Call(operation="DeleteTopic"),
    ),
    "aws:sns/topicPolicy:TopicPolicy": Recipe(
        service="sns",
        operation="SetTopicAttributes",
        id="{request[TopicArn]}",
        prepare=_topic_policy,
        replaces=frozenset({"arn"}),
        key={"TopicArn": "{id}"},
        read=Call(operation="GetTopicAttributes"),
        found="[Attributes][?Policy] | [0]",
        reads={"policy": "Policy"},
        update="SetTopicAttributes",
        delete=Call(
            operation="SetTopicAttributes",
            members={"AttributeName": "Policy", "AttributeValue": ""},
        ),
    ),
    "aws:sns/topicSubscription:TopicSubscription": Recipe(
        service="sns",
        operation="Subscribe",
        id="{response[SubscriptionArn]}",
        rename={"topic": "TopicArn"},
        outputs={"arn": "{response[SubscriptionArn]}"},
        replaces=frozenset({"endpoint", "protocol", "topic"}),
        key={"SubscriptionArn": "{id}"},
        read=Call(operation="GetSubscriptionAttributes"),
        found="Attributes",
        delete=Call(operation="Unsubscribe"),
    ),
    "aws:kms/key:Key": Recipe(
        service="kms",
        operation="CreateKey",
        id="{response[KeyMetadata][KeyId]}",
        outputs={
            "arn": "{response[KeyMetadata][Arn]}",
            "keyId": "{response[KeyMetadata][KeyId]}",
        },
        ignore=frozenset({"deletionWindowInDays"}),
        after={"enableKeyRotation": _rotation},
        replaces=frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion"}),
        defaults={
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
        kept=frozenset({"description", "multiRegion", "policy"}),
        key={"KeyId": "{id}"},
        read=Call(operation="DescribeKey"),
        found="[KeyMetadata][?KeyState!='PendingDeletion'] | [0]",
        changes={"policy": _key_policy, "description": _description},
        delete=Call(operation="ScheduleKeyDeletion", members={"PendingWindowInDays": 7}),
    ),
}
