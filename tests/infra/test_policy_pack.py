import copy
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from components import CustomerKey, CustomerKeyArgs
from policy import rules
from policy.rules import RESOURCE_RULES, STACK_RULES, Resource
from tests.infra.harness import Deployment, deploy

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"

Inputs = dict[str, Any]
Change = Callable[[Inputs], object]


def statement(inputs: Inputs, change: Change) -> None:
    document = json.loads(inputs["policy"])
    change(document["Statement"][0])
    inputs["policy"] = json.dumps(document)


def of_statement(change: Change) -> Change:
    return lambda inputs: statement(inputs, change)


def routing(inputs: Inputs) -> Inputs:
    return inputs["defaultRouteSettings"]


# Rule, type and text of a resource that keeps to it, what breaks it, what the sentence then says.
BROKEN: list[tuple[str, str, str, Change, str]] = [
    (
        "connects_are_authorized",
        rules.ROUTE,
        "$connect",
        lambda inputs: inputs.update(authorizationType="NONE"),
        "got authorizationType NONE and an authorizerId",
    ),
    (
        "connects_are_authorized",
        rules.ROUTE,
        "$connect",
        lambda inputs: inputs.pop("authorizerId"),
        "got authorizationType CUSTOM and no authorizerId",
    ),
    (
        "pushes_are_scoped",
        ROLE_POLICY,
        "/POST/@connections",
        lambda inputs: inputs.update(
            policy=inputs["policy"].replace("realtime-api/prod/POST", "*/*/*")
        ),
        ":*/*/*/@connections/*'",
    ),
    (
        "pushes_are_scoped",
        ROLE_POLICY,
        "/POST/@connections",
        lambda inputs: inputs.update(policy=inputs["policy"].replace("/POST/", "/*/")),
        "got 'arn:aws:execute-api",
    ),
    (
        "actions_are_named",
        ROLE_POLICY,
        "dynamodb:",
        of_statement(lambda document: document.update(Action="dynamodb:*")),
        "got 'dynamodb:*'",
    ),
    (
        "invocations_name_their_source",
        rules.PERMISSION,
        "apigateway.amazonaws.com",
        lambda inputs: inputs.pop("sourceArn"),
        "a permission for apigateway.amazonaws.com must have a sourceArn",
    ),
    (
        "services_name_their_source",
        QUEUE_POLICY,
        "events.amazonaws.com",
        of_statement(lambda document: document.pop("Condition")),
        "got none for events.amazonaws.com",
    ),
    (
        "rows_expire",
        rules.TABLE,
        "ttl",
        lambda inputs: inputs["ttl"].update(enabled=False),
        "a table must have a TTL attribute",
    ),
    (
        "stages_are_throttled",
        rules.STAGE,
        "throttlingRateLimit",
        lambda inputs: routing(inputs).pop("throttlingRateLimit"),
        "must set throttlingRateLimit, got None",
    ),
    (
        "stages_are_throttled",
        rules.STAGE,
        "throttlingBurstLimit",
        lambda inputs: routing(inputs).update(throttlingBurstLimit=0),
        "must set throttlingBurstLimit, got 0",
    ),
    (
        "frames_stay_out_of_logs",
        rules.STAGE,
        "throttlingRateLimit",
        lambda inputs: routing(inputs).update(dataTraceEnabled=True),
        "dataTraceEnabled must be off",
    ),
    (
        "frames_stay_out_of_logs",
        rules.STAGE,
        "throttlingRateLimit",
        lambda inputs: inputs.update(routeSettings=[{"dataTraceEnabled": True}]),
        "dataTraceEnabled must be off",
    ),
    (
        "keys_stay_in_the_account",
        rules.KEY,
        "kms:ViaService",
        lambda inputs: inputs.update(policy=inputs["policy"].replace("kms:CallerAccount", "a:b")),
        "must have a condition on kms:CallerAccount",
    ),
    (
        "logs_expire",
        rules.LOG_GROUP,
        "retentionInDays",
        lambda inputs: inputs.pop("retentionInDays"),
        "a log group must have retentionInDays",
    ),
    (
        "functions_log_where_it_expires",
        rules.FUNCTION,
        "logGroup",
        lambda inputs: inputs["loggingConfig"].pop("logGroup"),
        "a function must name its log group",
    ),
    (
        "stage_names_are_plain",
        rules.STAGE,
        "'prod'",
        lambda inputs: inputs.update(name="prod.v2"),
        "got 'prod.v2'",
    ),
]


def resources(deployment: Deployment) -> list[Resource]:
    return [Resource(r.type, r.inputs) for r in deployment.resources]


def test_both_stacks_keep_to_every_rule(deployment: Deployment) -> None:
    graph = resources(deployment)
    said = [sentence for rule in RESOURCE_RULES for r in graph for sentence in rule(r)]
    assert said + [sentence for rule in STACK_RULES for sentence in rule(graph)] == []


@pytest.mark.parametrize(
    ("rule", "kind", "text", "change", "expected"),
    BROKEN,
    ids=[f"{entry[0]}-{number}" for number, entry in enumerate(BROKEN)],
)
def test_a_broken_resource_is_refused_by_its_rule_alone(
    prod: Deployment, rule: str, kind: str, text: str, change: Change, expected: str
) -> None:
    arguments = CustomerKeyArgs(account_id="123456789012", region="eu-west-1")
    keyed = deploy(lambda: CustomerKey("data", arguments))
    sound = next(r for r in (*prod.of(kind), *keyed.of(kind)) if text in str(r.inputs))
    assert not any(
        sentence for rule in RESOURCE_RULES for sentence in rule(Resource(kind, sound.inputs))
    )
    inputs = copy.deepcopy(cast("Inputs", sound.inputs))
    change(inputs)
    said = {r.__name__: list(r(Resource(kind, inputs))) for r in RESOURCE_RULES}
    assert [name for name, sentences in said.items() if sentences] == [rule]
    assert expected in said[rule][0]


def test_every_rule_for_a_resource_is_broken_once_here() -> None:
    assert {entry[0] for entry in BROKEN} == {rule.__name__ for rule in RESOURCE_RULES}


def test_a_web_socket_api_without_a_connect_route_is_refused(prod: Deployment) -> None:
    graph = [r for r in resources(prod) if r.inputs.get("routeKey") != "$connect"]
    (rule,) = STACK_RULES
    (sentence,) = rule(graph)
    assert "got 1 of the former and 0 of the latter" in sentence


def test_a_rule_says_what_it_is_for_and_its_sentence_what_to_do() -> None:
    for rule in (*RESOURCE_RULES, *STACK_RULES):
        assert rule.__doc__, rule.__name__
