"""What the stacks have for those who run them, on the graph of the real program."""

import copy
import inspect
import json
import runpy
from collections.abc import Iterator
from typing import Any

import pulumi_aws as aws
import pytest

from policy.rules import RESOURCE_RULES
from policy.rules import Resource as Rated
from tests.infra.configured import changed
from tests.infra.harness import ACCOUNT, ROOT, Deployment, Resource, deploy

QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"
TABLE = "aws:dynamodb/table:Table"
WITH_POLICIES = ("aws:sqs/queuePolicy:QueuePolicy", "aws:sns/topicPolicy:TopicPolicy")
# Input that names a key, by type of resource; the rest of what takes one holds nothing of ours.
KEY_OF = {
    QUEUE: "kmsMasterKeyId",
    FUNCTION: "kmsKeyArn",
    "aws:cloudwatch/logGroup:LogGroup": "kmsKeyId",
    "aws:sns/topic:Topic": "kmsMasterKeyId",
}
UNDER_AWS_KEYS = {
    "aws:cloudwatch/eventBus:EventBus",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
}


def program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


@pytest.fixture(scope="module")
def encrypted() -> Deployment:
    return deploy(program, config=changed(customerKey=json.dumps({"accountId": ACCOUNT})))


def watched_names(deployment: Deployment, metric: str, dimension: str) -> set[str]:
    """What has an alarm on the metric."""
    found: set[str] = set()
    for alarm in deployment.of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        queries = alarm.inputs.get("metricQueries", [{"metric": alarm.inputs}])
        metrics = [query["metric"] for query in queries if "metric" in query]
        found |= {m["dimensions"][dimension] for m in metrics if m["metricName"] == metric}
    return found


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_of_the_stack_has_its_alarms(deployment: Deployment, metric: str) -> None:
    functions = {f"{function.name}-0123456" for function in deployment.of(FUNCTION)}
    assert watched_names(deployment, metric, "FunctionName") == functions


def test_every_queue_that_nothing_reads_is_watched_for_messages(deployment: Deployment) -> None:
    queues = {queue.name for queue in deployment.of(QUEUE)}
    fed = {name for name in queues if name.endswith("-source")}
    assert watched_names(deployment, "ApproximateAgeOfOldestMessage", "QueueName") == fed
    kept = watched_names(deployment, "ApproximateNumberOfMessagesVisible", "QueueName")
    assert kept == queues - fed


def watched_metrics(deployment: Deployment, *alarms: str) -> set[tuple[str, str]]:
    """Namespace and service, empty without that dimension, of what the alarms see."""
    return {
        (query["metric"]["namespace"], query["metric"].get("dimensions", {}).get("service", ""))
        for alarm in alarms
        for query in deployment.named(f"operations-{alarm}").inputs["metricQueries"]
        if "metric" in query
    }


def written_metrics(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """The same of what each function writes, by its module."""
    variables = {
        function.inputs["handler"]: function.inputs["environment"]["variables"]
        for function in deployment.of(FUNCTION)
    }
    return {
        handler.removeprefix("handlers.").removesuffix(".handler"): (
            given["POWERTOOLS_METRICS_NAMESPACE"],
            given["POWERTOOLS_SERVICE_NAME"],
        )
        for handler, given in variables.items()
    }


def test_the_functions_write_their_metrics_where_the_alarms_look(deployment: Deployment) -> None:
    written = written_metrics(deployment)
    publishing = ("realtime.functions.publish", "realtime.functions.fan_out", "clicks.aggregate")
    stack = deployment.named("realtime-stage").inputs["name"]
    assert written["realtime.functions.fan_out"] == (
        f"RealtimePlatform/realtime/{stack}/realtime",
        "realtime",
    )
    assert written["clicks.aggregate"] == (f"RealtimePlatform/realtime/{stack}/clicks", "clicks")
    for alarm in ("posts-quota", "gone-share", "event-age"):
        assert watched_metrics(deployment, alarm) == {written[module] for module in publishing}


def test_an_error_that_is_caught_at_the_edge_is_counted_where_an_alarm_looks(
    deployment: Deployment,
) -> None:
    filters = deployment.of("aws:cloudwatch/logMetricFilter:LogMetricFilter")
    groups = {function.inputs["loggingConfig"]["logGroup"] for function in deployment.of(FUNCTION)}
    assert {one.inputs["logGroupName"] for one in filters} == groups
    counted = {one.inputs["metricTransformation"]["namespace"] for one in filters}
    assert counted == {namespace for namespace, _ in written_metrics(deployment).values()}
    assert watched_metrics(deployment, "logged-errors") == {(name, "") for name in counted}
    assert {one.inputs["metricTransformation"]["name"] for one in filters} == {"LoggedErrors"}
    assert {one.inputs["pattern"] for one in filters} == {'{ $.level = "ERROR" }'}


def unprotected(deployment: Deployment) -> Iterator[str]:
    """What is not under the key, or is of a type of which nobody has decided."""
    key = deployment.one("aws:kms/key:Key")
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:{key.name}"
    for resource in deployment.resources:
        if resource.type == TABLE:
            named = resource.inputs["serverSideEncryption"].get("kmsKeyArn")
        elif resource.type in KEY_OF:
            named = resource.inputs.get(KEY_OF[resource.type])
        elif resource.type in UNDER_AWS_KEYS or not takes_a_key(resource):
            continue
        else:
            named = "nobody has decided"
        if named != arn:
            yield f"{resource.name}: {named}"


def takes_a_key(resource: Resource) -> bool:
    if not resource.custom:
        return False
    module, _, class_ = resource.type.removeprefix("aws:").partition("/")
    package = getattr(aws, {"lambda": "lambda_"}.get(module, module))
    parameters = inspect.signature(getattr(package, class_.partition(":")[2])._internal_init)
    return any("kms" in name for name in parameters.parameters)


def forgotten(deployment: Deployment) -> set[str]:
    """Services that write to what is encrypted, and are not in the key's policy."""
    policies = [r for kind in WITH_POLICIES for r in deployment.of(kind)]
    writers = {
        statement["Principal"]["Service"]
        for policy in policies
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    } | {"logs.eu-west-1.amazonaws.com"}
    key = json.loads(deployment.one("aws:kms/key:Key").inputs["policy"])["Statement"]
    may = {
        s["Principal"]["Service"]
        for s in key
        if {"kms:Decrypt", "kms:GenerateDataKey"} <= set(s["Action"])
        and "Service" in s["Principal"]
    }
    return writers - may


def test_everything_that_is_encrypted_is_under_the_customers_key(encrypted: Deployment) -> None:
    assert list(unprotected(encrypted)) == []


def test_a_queue_is_encrypted_by_the_key_or_by_sqs_and_not_by_both(
    encrypted: Deployment, dev: Deployment
) -> None:
    assert not any("sqsManagedSseEnabled" in queue.inputs for queue in encrypted.of(QUEUE))
    assert not any("kmsMasterKeyId" in queue.inputs for queue in dev.of(QUEUE))


def test_every_service_that_writes_to_what_is_encrypted_may_use_the_key(
    encrypted: Deployment,
) -> None:
    assert forgotten(encrypted) == set()


def without_statement_of(deployment: Deployment, service: str) -> Deployment:
    broken = copy.deepcopy(deployment)
    key = broken.one("aws:kms/key:Key")
    document = json.loads(key.inputs["policy"])
    document["Statement"] = [
        s for s in document["Statement"] if s["Principal"].get("Service") != service
    ]
    inputs: dict[str, Any] = {**key.inputs, "policy": json.dumps(document)}
    object.__setattr__(key, "inputs", inputs)
    return broken


@pytest.mark.parametrize(
    "service",
    ["events.amazonaws.com", "cloudwatch.amazonaws.com", "logs.eu-west-1.amazonaws.com"],
)
def test_a_service_that_the_keys_policy_forgets_is_noticed(
    encrypted: Deployment, service: str
) -> None:
    assert forgotten(without_statement_of(encrypted, service)) == {service}


def test_the_graph_with_a_key_keeps_to_the_policy_pack(encrypted: Deployment) -> None:
    graph = [Rated(r.type, r.inputs) for r in encrypted.resources]
    assert [sentence for rule in RESOURCE_RULES for r in graph for sentence in rule(r)] == []


def test_without_the_switch_there_is_no_key(deployment: Deployment) -> None:
    assert deployment.of("aws:kms/key:Key") == []


def test_traces_are_sent_by_every_function_or_by_none(dev: Deployment) -> None:
    traced = deploy(program, config=changed(tracing="true"))
    for function in traced.of(FUNCTION):
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
        allowed = traced.named(f"{function.parent}-logs-policy").inputs["policy"]
        assert "xray:PutTraceSegments" in allowed
    for function in dev.of(FUNCTION):  # left out, AWS would keep the mode of before
        assert function.inputs["tracingConfig"] == {"mode": "PassThrough"}
    assert not any("xray" in r.inputs["policy"] for r in dev.of("aws:iam/rolePolicy:RolePolicy"))
