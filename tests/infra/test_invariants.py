import json

import pytest

from tests.infra.harness import UNKNOWN, Deployment, deploy_stack
from tests.infra.release_graph import REPLACING

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
TABLE = "aws:dynamodb/table:Table"
STAGE = "aws:apigatewayv2/stage:Stage"
FUNCTION = "aws:lambda/function:Function"
QUEUE = "aws:sqs/queue:Queue"
PHYSICAL_NAMES = {
    *("realtime-stage", "shortener-http-stage"),  # part of an address
    "realtime-layer-version",  # AWS wants one and Pulumi makes none up
}


def test_every_resource_belongs_to_a_component_and_carries_its_name(deployment: Deployment) -> None:
    for resource in deployment.resources:
        if resource.custom:
            assert resource.parent, resource.name
        if resource.parent:
            assert resource.name.startswith(f"{resource.parent}-"), resource.name


def test_every_component_registers_its_outputs(deployment: Deployment) -> None:
    for component in (r for r in deployment.resources if not r.custom):
        outputs = deployment.outputs[component.name]
        assert outputs, component.name
        assert None not in outputs.values(), component.name


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_preview_shows_every_resource_that_an_update_makes(
    stack: str, request: pytest.FixtureRequest
) -> None:
    updated: Deployment = request.getfixturevalue(stack)
    previewed = deploy_stack(stack, preview=True)
    assert {(r.type, r.name) for r in previewed.resources} == {
        (r.type, r.name) for r in updated.resources
    }


def test_a_preview_shows_the_names_of_all_variables() -> None:
    for function in deploy_stack("dev", preview=True).of(FUNCTION):
        assert function.inputs["environment"] != UNKNOWN
        assert "POWERTOOLS_SERVICE_NAME" in function.inputs["environment"]["variables"]


def test_no_input_is_the_text_of_an_output(deployment: Deployment) -> None:
    for resource in deployment.resources:
        assert "Calling __str__" not in str(resource.inputs), resource.name


def test_nothing_has_a_physical_name_that_nobody_must_know(deployment: Deployment) -> None:
    named = {
        resource.name
        for resource in deployment.resources
        if resource.custom and {"name", "layerName"} & resource.inputs.keys()
    }
    assert named == PHYSICAL_NAMES


def test_every_log_is_kept_for_the_configured_days(dev: Deployment, prod: Deployment) -> None:
    assert {group.inputs["retentionInDays"] for group in dev.of(LOG_GROUP)} == {7}
    assert {group.inputs["retentionInDays"] for group in prod.of(LOG_GROUP)} == {90}


def test_an_http_apis_log_has_a_name_that_takes_no_room_in_a_policy(deployment: Deployment) -> None:
    delivered = {
        stage.inputs["accessLogSettings"]["destinationArn"].rpartition(":")[2]
        for stage in deployment.of(STAGE)
        if stage.inputs["autoDeploy"]  # which the stage of a WebSocket API is not
    }
    assert delivered
    for name in delivered:
        assert deployment.named(name).inputs["namePrefix"] == f"/aws/vendedlogs/{name}-"


def test_every_function_writes_to_a_log_group_of_its_own(deployment: Deployment) -> None:
    functions = deployment.of(FUNCTION)
    groups = {function.inputs["loggingConfig"]["logGroup"] for function in functions}
    assert groups == {f"{function.parent}-logs-0123456" for function in functions}


def test_lambda_logs_the_runs_that_failed_and_no_others(deployment: Deployment) -> None:
    logging = [function.inputs["loggingConfig"] for function in deployment.of(FUNCTION)]
    # Only lines in JSON have levels to filter by.
    assert {(one["logFormat"], one["systemLogLevel"]) for one in logging} == {("JSON", "WARN")}


def test_a_function_exists_only_once_its_role_may_do_everything(deployment: Deployment) -> None:
    granted = deployment.of("aws:iam/rolePolicy:RolePolicy")
    for function in deployment.of(FUNCTION):
        policies = {policy.name for policy in granted if policy.parent == function.parent}
        assert len(policies) >= 1
        assert policies <= function.dependencies, function.name


def test_every_function_runs_what_the_layer_is_built_for(deployment: Deployment) -> None:
    layer = deployment.one("aws:lambda/layerVersion:LayerVersion").inputs
    for function in deployment.of(FUNCTION):
        assert function.inputs["architectures"] == layer["compatibleArchitectures"] == ["arm64"]
        assert function.inputs["runtime"] in layer["compatibleRuntimes"]
        assert len(function.inputs["layers"]) == 1


def test_prod_keeps_its_data(prod: Deployment) -> None:
    for table in prod.of(TABLE):
        assert table.inputs["deletionProtectionEnabled"] is True
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert prod.one("aws:cognito/userPool:UserPool").inputs["deletionProtection"] == "ACTIVE"


def test_dev_can_be_thrown_away(dev: Deployment) -> None:
    for table in dev.of(TABLE):
        assert table.inputs["deletionProtectionEnabled"] is False
        assert table.inputs["pointInTimeRecovery"] == {"enabled": False}
    assert dev.one("aws:cognito/userPool:UserPool").inputs["deletionProtection"] == "INACTIVE"


def test_pulumi_refuses_to_delete_what_no_release_deletes_in_prod_and_nothing_else(
    prod: Deployment, dev: Deployment
) -> None:
    holding = {resource.name for resource in prod.resources if resource.type in REPLACING}
    assert {resource.name for resource in prod.resources if resource.protected} == holding
    assert [resource.name for resource in dev.resources if resource.protected] == []


def test_rows_expire_and_are_paid_for_by_request(deployment: Deployment) -> None:
    for table in deployment.of(TABLE):
        assert table.inputs["ttl"] == {"attributeName": "ttl", "enabled": True}
        assert table.inputs["billingMode"] == "PAY_PER_REQUEST"


def test_a_table_is_under_dynamodbs_own_key_for_which_nobody_pays(deployment: Deployment) -> None:
    for table in deployment.of(TABLE):
        assert table.inputs["serverSideEncryption"] == {"enabled": False}


def test_queues_are_encrypted(deployment: Deployment) -> None:
    assert all(queue.inputs["sqsManagedSseEnabled"] is True for queue in deployment.of(QUEUE))


def test_no_log_holds_a_query_string(deployment: Deployment) -> None:
    for stage in deployment.of(STAGE):
        access_log = json.loads(stage.inputs["accessLogSettings"]["format"])
        assert {"requestId", "routeKey", "status"} <= access_log.keys()
        for variable in access_log.values():
            assert not any(word in variable.lower() for word in ("query", "path", "header"))


def test_execution_logs_which_hold_query_strings_are_off(deployment: Deployment) -> None:
    settings = deployment.named("realtime-stage").inputs["defaultRouteSettings"]
    assert settings["loggingLevel"] == "OFF"
    assert settings["dataTraceEnabled"] is False


def test_every_stage_is_throttled(deployment: Deployment) -> None:
    for stage in deployment.of(STAGE):
        settings = stage.inputs["defaultRouteSettings"]
        assert settings["throttlingRateLimit"] > 0
        assert settings["throttlingBurstLimit"] > 0
