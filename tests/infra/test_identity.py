import json
from typing import Any

import pulumi
import pytest

from components import TokenArgs
from components.realtime_api import tokens
from handlers.realtime.identity.tokens import ALGORITHMS, MAXIMUM_SKEW_SECONDS, TokenRules
from tests.infra.harness import ACCOUNT, Deployment, deploy
from tests.infra.identified import ISSUER, deploy_with_tokens, realtime_api

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
PERMISSION = "aws:lambda/permission:Permission"
EXECUTE = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}"
ENDING = {"PutItem", "GetItem", "Query", "DeleteItem", "BatchWriteItem"}


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return deploy_with_tokens()


def statements(deployment: Deployment, parent: str) -> list[dict[str, Any]]:
    return [
        statement
        for policy in deployment.of(ROLE_POLICY)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if policy.parent == parent
    ]


def on_table(deployment: Deployment, function: str) -> tuple[set[str], Any]:
    """What the function may do to the table, and to which of its keys."""
    actions: set[str] = set()
    keys: Any = None
    for statement in statements(deployment, function):
        mine = {a.partition(":")[2] for a in statement["Action"] if a.startswith("dynamodb:")}
        actions |= mine
        keys = statement.get("Condition", keys) if mine else keys
    return actions, keys


def test_the_functions_of_tickets_may_touch_tickets_and_nothing_else_of_the_table(
    deployment: Deployment,
) -> None:
    tickets = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "TICKET#*"}}
    assert on_table(deployment, "realtime-ticket") == ({"PutItem"}, tickets)
    assert on_table(deployment, "realtime-authorize") == ({"UpdateItem"}, tickets)


def test_what_ends_connections_may_find_forget_and_close_them(deployment: Deployment) -> None:
    close = {
        "Effect": "Allow",
        "Action": ["execute-api:ManageConnections"],
        "Resource": [
            f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:realtime-api/dev/DELETE/@connections/*"
        ],
    }
    for function in ("realtime-revoke", "realtime-expire"):
        assert on_table(deployment, function) == (ENDING, None)
        assert close in statements(deployment, function)


def test_connect_may_forget_whoever_was_logged_out_meanwhile(deployment: Deployment) -> None:
    assert on_table(deployment, "realtime-connect")[0] == {
        *("PutItem", "GetItem", "DeleteItem", "BatchWriteItem"),
    }


def test_who_may_log_out_may_invoke_one_function(deployment: Deployment) -> None:
    policy = deployment.named("realtime-support-revoke-policy")
    assert policy.inputs["role"] == "support-role"
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert [r.rpartition(":")[2] for r in statement["Resource"]] == ["realtime-revoke-function"]


def test_the_sweeper_runs_each_minute_and_nothing_else_may_start_it(
    deployment: Deployment,
) -> None:
    rule = deployment.named("realtime-expire-rule")
    assert rule.inputs["scheduleExpression"] == "rate(1 minute)"
    target = deployment.named("realtime-expire-target")
    assert target.inputs["arn"].endswith("realtime-expire-function")
    assert "realtime-expire-permission" in target.dependencies
    permission = deployment.named("realtime-expire-permission").inputs
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"].endswith("realtime-expire-rule")


def test_a_sweep_that_fails_is_left_to_the_next_minute(deployment: Deployment) -> None:
    """EventBridge tries a delivery again for a day, Lambda a failed run twice, unless told."""
    delivery = deployment.named("realtime-expire-target").inputs["retryPolicy"]
    run = deployment.one("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").inputs
    assert run["functionName"].startswith("realtime-expire-function")
    for retries in (delivery, run):
        assert retries["maximumRetryAttempts"] == 0
        assert retries["maximumEventAgeInSeconds"] == 60


def test_the_ticket_api_asks_for_a_token_and_invokes_the_ticket_function(
    deployment: Deployment,
) -> None:
    route = deployment.named("realtime-tickets-post-tickets-route").inputs
    assert (route["routeKey"], route["authorizationType"]) == ("POST /tickets", "JWT")
    authorizer = deployment.named("realtime-tickets-authorizer").inputs["jwtConfiguration"]
    assert authorizer == {"audiences": ["client"], "issuer": ISSUER}
    integration = deployment.named("realtime-tickets-ticket-integration").inputs
    assert integration["integrationUri"].endswith("realtime-ticket-function/invocations")
    assert integration["payloadFormatVersion"] == "2.0"
    permission = deployment.named("realtime-tickets-post-tickets-permission").inputs["sourceArn"]
    assert permission.endswith(":realtime-tickets-api/$default/POST/tickets")
    stage = deployment.named("realtime-tickets-stage").inputs
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 10
    logged = stage["accessLogSettings"]["format"].lower()
    assert not any(word in logged for word in ("query", "path", "header", "body"))
    logs = deployment.named("realtime-tickets-access-logs").inputs
    assert logs["namePrefix"] == "/aws/vendedlogs/realtime-tickets-access-logs-"


def test_only_the_origins_that_may_connect_may_ask_for_tickets() -> None:
    origins = ["https://app.example.com"]
    given = deploy_with_tokens(allowed_origins=origins).named("realtime-tickets-api").inputs
    assert given["corsConfiguration"]["allowOrigins"] == origins
    assert given["corsConfiguration"]["allowMethods"] == ["POST"]
    assert "corsConfiguration" not in deploy_with_tokens().named("realtime-tickets-api").inputs


def test_the_outputs_say_where_tickets_are_and_who_logs_out(deployment: Deployment) -> None:
    outputs = deployment.outputs["realtime"]
    assert outputs["tickets_url"].endswith("/tickets")
    assert outputs["tickets_url"].startswith("https://")
    assert outputs["ticket_function_arn"].endswith("realtime-ticket-function")
    assert outputs["ticket_invoke_arn"].endswith("realtime-ticket-function/invocations")
    assert outputs["revoke_function_name"].startswith("realtime-revoke-function")


def test_a_team_with_an_http_api_of_its_own_gets_no_second_one() -> None:
    deployment = deploy_with_tokens(ticket_api=None)
    assert deployment.one("aws:apigatewayv2/api:Api").inputs["protocolType"] == "WEBSOCKET"
    outputs = deployment.outputs["realtime"]
    assert (outputs["tickets_url"], bool(outputs["ticket_invoke_arn"])) == ("", True)


def test_without_tokens_there_is_nothing_of_it() -> None:
    deployment = deploy(lambda: realtime_api(tokens=None, ticket_api=None))
    kinds = ("ticket", "revoke", "expire")
    assert not [one.name for one in deployment.resources if any(kind in one.name for kind in kinds)]
    outputs = deployment.outputs["realtime"]
    assert outputs["ticket_function_name"] == outputs["revoke_function_arn"] == ""


def test_nobody_can_be_logged_out_where_nobody_signs_in() -> None:
    def program() -> None:
        realtime_api(tokens=None, ticket_api=None).grant_revoke("support", "support-role")

    with pytest.raises(pulumi.RunError, match="must have tokens for support"):
        deploy(program)


def rules(**changes: Any) -> TokenRules | None:
    """What the authorizer makes of the settings that it is given."""
    given: dict[str, Any] = {"issuer": ISSUER, "audiences": ["client"], **changes}
    deployment = deploy_with_tokens(tokens=TokenArgs(**given))
    function = deployment.named("realtime-authorize-function").inputs
    return TokenRules.parse(function["environment"]["variables"]["TOKENS"])


def test_the_authorizer_gets_the_settings_in_the_form_that_it_parses() -> None:
    assert rules() == TokenRules(ISSUER, ("client",), ("RS256",), None, 30)
    every: dict[str, Any] = {
        "audiences": ["a", "b"],
        "algorithms": ["ES256", "PS512"],
        "token_use": "access",
        "clock_skew_seconds": 0,
    }
    assert rules(**every) == TokenRules(ISSUER, ("a", "b"), ("ES256", "PS512"), "access", 0)


def test_the_limits_are_the_ones_that_the_authorizer_has() -> None:
    assert set(tokens.ALGORITHMS) == ALGORITHMS
    assert tokens.MAXIMUM_CLOCK_SKEW_SECONDS == MAXIMUM_SKEW_SECONDS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"algorithms": ["none"]}, "algorithms must be of"),
        ({"algorithms": ["RS256", "HS256"]}, "algorithms must be of"),
        ({"algorithms": []}, "algorithms must name one"),
        ({"audiences": []}, "audiences must name 1 to 10"),
        ({"audiences": ["x"] * 11}, "audiences must name 1 to 10"),
        ({"issuer": "http://issuer.example"}, "issuer must be an https address"),
        ({"issuer": "http://localhost.evil.example"}, "issuer must be an https address"),
        ({"clock_skew_seconds": 301}, "clock_skew_seconds must be 0 to 300"),
    ],
)
def test_settings_under_which_a_forged_token_would_pass_are_refused(
    change: dict[str, Any], says: str
) -> None:
    given: dict[str, Any] = {"issuer": ISSUER, "audiences": ["client"], **change}
    with pytest.raises(ValueError, match=says):
        TokenArgs(**given)


def test_tickets_need_tokens() -> None:
    with pytest.raises(ValueError, match="ticket_api needs tokens"):
        realtime_api(tokens=None)
