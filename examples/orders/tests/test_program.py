import importlib
import json
import re
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.orders.infrastructure.state_machine import Parts, definition
from examples.orders.tests.program import HANDLERS, ROOT, deploy_orders
from tests.infra.harness import ACCOUNT, Deployment
from tests.infra.release_graph import REPLACING

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
OURS = ("stock", "payments", "orders", "saga", "api")
HTTP = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:api-http-api/$default"
pytestmark = pytest.mark.xdist_group("orders-program")  # one worker deploys for all
POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}


@pytest.fixture(scope="module")
def dev() -> Deployment:
    return deploy_orders("dev")


@pytest.fixture(scope="module")
def prod() -> Deployment:
    return deploy_orders("prod")


@pytest.fixture(scope="module", params=["dev", "prod"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    return request.getfixturevalue(request.param)


def allowed(deployment: Deployment) -> dict[str, set[tuple[str, str]]]:
    """Each role of ours -> its actions, with the end of the resource's ARN."""
    found: dict[str, set[tuple[str, str]]] = {}
    for policy in deployment.of(ROLE_POLICY):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                assert "*" not in resource or resource.endswith(("-logs:*", "/@connections/*"))
                found.setdefault(policy.inputs["role"].removesuffix("-0123456"), set()).update(
                    (action, resource.rpartition(":")[2]) for action in statement["Action"]
                )
    return {
        role: {(action, end) for action, end in grants if not action.startswith("logs:")}
        for role, grants in found.items()
        if role.startswith(OURS)
    }


def test_every_role_of_ours_has_the_permissions_of_its_calls_and_no_more(
    deployment: Deployment,
) -> None:
    def table(name: str, *actions: str) -> set[tuple[str, str]]:
        return {(f"dynamodb:{action}", f"{name}-table") for action in actions}

    assert allowed(deployment) == {
        "stock-service-role": table("stock-rows", "GetItem", "PutItem", "UpdateItem"),
        "payments-service-role": table("payments-rows", "GetItem", "PutItem", "UpdateItem"),
        "api-function-role": {
            *table("orders", "GetItem", "PutItem"),
            *table("stock-rows", "GetItem"),
            ("states:StartExecution", "saga-machine"),
        },
        "saga-role": {
            ("lambda:InvokeFunction", "stock-service-function"),
            ("lambda:InvokeFunction", "payments-service-function"),
            *table("orders", "UpdateItem"),
            ("sqs:SendMessage", "saga-unfinished"),
            ("sqs:SendMessage", "realtime-publish-queue-source"),
        },
    }


def test_the_platform_takes_messages_from_the_saga_and_lets_no_role_of_ours_push(
    deployment: Deployment,
) -> None:
    (channel,) = json.loads(variables(deployment, "realtime.functions.publish")["CHANNEL_RULES"])
    assert channel["pattern"] == "user:{sub}"
    assert (channel["access"], channel["delivery"]) == ("owner", "every")
    assert channel["publishers"] == ["orders"]
    ours = {action for grants in allowed(deployment).values() for action, _ in grants}
    assert "execute-api:ManageConnections" not in ours


def test_the_program_deploys_the_saga_that_the_tests_run(deployment: Deployment) -> None:
    machine = deployment.one("aws:sfn/stateMachine:StateMachine")
    assert machine.inputs["type"] == "STANDARD"
    assert machine.inputs["roleArn"].endswith(":saga-role")
    assert "saga-steps-policy" in machine.dependencies
    queues = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}"
    functions = f"arn:aws:lambda:eu-west-1:{ACCOUNT}"
    parts = Parts(
        stock_function_arn=f"{functions}:stock-service-function",
        payment_function_arn=f"{functions}:payments-service-function",
        orders_table_name="orders-table-0123456",
        publish_queue_url=f"{queues}/realtime-publish-queue-source",
        unfinished_queue_url=f"{queues}/saga-unfinished",
    )
    assert json.loads(machine.inputs["definition"]) == definition(parts)


def test_an_alarm_starts_for_an_order_that_could_not_be_finished(deployment: Deployment) -> None:
    alarms = {
        (alarm.inputs["metricName"], *alarm.inputs["dimensions"].values())
        for alarm in deployment.of("aws:cloudwatch/metricAlarm:MetricAlarm")
        if alarm.parent == "saga"
    }
    assert {(name, value.rpartition(":")[2]) for name, value in alarms} == {
        ("ExecutionsFailed", "saga-machine"),
        ("ApproximateNumberOfMessagesVisible", "saga-unfinished-0123456"),
    }
    unfinished = deployment.named("saga-unfinished").inputs
    assert unfinished["messageRetentionSeconds"] == 14 * 86_400
    assert unfinished["sqsManagedSseEnabled"] is True


def test_every_route_wants_a_token_of_our_own_customers(deployment: Deployment) -> None:
    routes = [r for r in deployment.of("aws:apigatewayv2/route:Route") if r.name.startswith("api-")]
    assert {r.inputs["routeKey"] for r in routes} == {
        "POST /orders",
        "GET /orders/{order_id}",
        "POST /tickets",
    }
    assert {r.inputs["authorizationType"] for r in routes} == {"JWT"}
    assert {r.inputs["authorizerId"] for r in routes} == {"api-http-authorizer-id"}
    accepted = deployment.named("api-http-authorizer").inputs["jwtConfiguration"]
    assert accepted == {
        "audiences": ["customers-client-id"],
        "issuer": "https://cognito-idp.eu-west-1.amazonaws.com/customers-pool",
    }


def test_the_platform_trusts_the_tokens_that_the_shop_trusts(deployment: Deployment) -> None:
    accepted = deployment.named("api-http-authorizer").inputs["jwtConfiguration"]
    rules = json.loads(variables(deployment, "realtime.functions.authorize")["TOKENS"])
    assert (rules["issuer"], rules["audiences"]) == (accepted["issuer"], accepted["audiences"])


def test_the_api_may_call_each_function_for_its_own_routes_alone(deployment: Deployment) -> None:
    sources = {
        (p.inputs["function"].removesuffix("-0123456"), p.inputs["sourceArn"])
        for p in deployment.of("aws:lambda/permission:Permission")
        if p.parent == "api-http"
    }
    assert sources == {
        ("api-function-function", f"{HTTP}/POST/orders"),
        ("api-function-function", f"{HTTP}/GET/orders/{{order_id}}"),
        ("realtime-ticket-function", f"{HTTP}/POST/tickets"),
    }


def variables(deployment: Deployment, module: str) -> dict[str, Any]:
    (function,) = (
        f
        for f in deployment.of("aws:lambda/function:Function")
        if f.inputs["handler"] == f"handlers.{module}.handler"
    )
    return function.inputs["environment"]["variables"]


@pytest.mark.parametrize("module", HANDLERS)
def test_a_function_is_given_exactly_the_variables_that_it_reads(
    deployment: Deployment, module: str
) -> None:
    read = importlib.import_module(f"examples.orders.handlers.{module}").Environment
    names = {field.name.upper() for field in fields(read)}
    given = variables(deployment, module)
    assert given.keys() == names | POWERTOOLS
    assert all(isinstance(value, str) and value for value in given.values())
    assert given["POWERTOOLS_SERVICE_NAME"] == "orders"


def test_a_function_ships_its_own_modules_and_none_of_the_platforms(
    deployment: Deployment,
) -> None:
    for function in deployment.of("aws:lambda/function:Function"):
        if not function.name.startswith("realtime-"):
            shipped = function.inputs["code"].assets
            assert {Path(asset.path).is_relative_to(ROOT) for asset in shipped.values()} == {True}
            module = function.inputs["handler"].removesuffix(".handler")
            assert f"{module.replace('.', '/')}.py" in shipped


def test_prod_differs_from_dev_in_settings_and_in_no_resource(
    dev: Deployment, prod: Deployment
) -> None:
    assert Counter((r.type, r.name) for r in dev.resources) == Counter(
        (r.type, r.name) for r in prod.resources
    )


def test_prod_keeps_its_data_and_dev_can_be_thrown_away(dev: Deployment, prod: Deployment) -> None:
    for deployment, kept in ((dev, False), (prod, True)):
        for table in deployment.of("aws:dynamodb/table:Table"):
            assert table.inputs["deletionProtectionEnabled"] is kept, table.name
            assert table.inputs["pointInTimeRecovery"] == {"enabled": kept}, table.name
            # Under DynamoDB's owned key, which is free.
            assert table.inputs.get("serverSideEncryption") in (None, {"enabled": False})
        holding = {resource.name for resource in deployment.resources if resource.type in REPLACING}
        protected = {resource.name for resource in deployment.resources if resource.protected}
        assert protected == (holding if kept else set())


def test_every_log_is_kept_for_the_configured_days(dev: Deployment, prod: Deployment) -> None:
    for deployment, days in ((dev, 7), (prod, 90)):
        groups = deployment.of("aws:cloudwatch/logGroup:LogGroup")
        assert {group.inputs["retentionInDays"] for group in groups} == {days}
        delivered = deployment.named("api-http-access-logs").inputs
        assert delivered["namePrefix"] == "/aws/vendedlogs/api-http-access-logs-"


def test_only_the_shops_own_pages_may_call_and_connect(prod: Deployment) -> None:
    cors = prod.named("api-http-api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://shop.example.com"]
    origins = json.loads(variables(prod, "realtime.functions.authorize")["ALLOWED_ORIGINS"])
    assert origins == ["https://shop.example.com"]


def test_no_access_log_holds_a_path_or_a_query(deployment: Deployment) -> None:
    format_ = deployment.named("api-http-stage").inputs["accessLogSettings"]["format"]
    assert not re.search("path|query|header", format_, re.IGNORECASE)


def test_every_component_of_ours_registers_its_outputs(deployment: Deployment) -> None:
    for name in OURS:
        assert deployment.outputs[name], name
        assert None not in deployment.outputs[name].values(), name


def test_a_preview_shows_every_resource_that_an_update_makes(dev: Deployment) -> None:
    previewed = deploy_orders("dev", preview=True)
    assert {(r.type, r.name) for r in previewed.resources} == {
        (r.type, r.name) for r in dev.resources
    }


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_tags_every_resource_and_the_project_declares_every_setting(stack: str) -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    tags = config["aws:defaultTags"]["tags"]
    assert tags == {"project": "orders", "stack": stack, "owner": "orders-team"}
    assert {key for key in config if key.startswith("orders:")} == project["config"].keys()


def test_the_program_uses_the_platform_by_its_public_parts_alone() -> None:
    imports = {
        line
        for path in [ROOT / "__main__.py", *(ROOT / "infrastructure").glob("*.py")]
        for line in re.findall(r"^\s*(?:from|import) (\S+)", path.read_text(), re.MULTILINE)
        if line.partition(".")[0] in ("realtime_platform", "components", "handlers", "localcloud")
    }
    assert imports == {"realtime_platform.components"}
