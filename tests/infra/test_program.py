import json
from collections import Counter
from typing import Any

import pytest

from tests.infra.harness import Deployment

EXPORTS = {
    *("endpoint", "api_url", "user_pool_id"),
    *("user_pool_client_id", "realtime_table", "links_table"),
    *("click_queue_url", "dead_letter_queue_url"),
    *("region", "tier", "queues", "alarm_topic"),
}
COMPONENTS = {
    "ApiGatewayAccount": 1,
    "RealtimeApi": 1,
    "RuntimeLayer": 1,
    "LinkTable": 1,
    "Table": 2,
    "HttpApi": 1,
    "ClickPipeline": 1,
    "Shortener": 1,
    "Users": 1,
    "Function": 9,
    "Queue": 4,
    "EventRoute": 2,
    "Observability": 1,
}


def test_both_stacks_are_made_of_the_same_components(deployment: Deployment) -> None:
    counted = Counter(r.type.rpartition(":")[2] for r in deployment.resources if not r.custom)
    assert counted == COMPONENTS


def test_prod_differs_from_dev_in_settings_and_in_whom_it_writes_to(
    dev: Deployment, prod: Deployment
) -> None:
    made, written_to = ({(r.type, r.name) for r in one.resources} for one in (dev, prod))
    assert written_to - made == {
        ("aws:sns/topicSubscription:TopicSubscription", "operations-email-0")
    }
    assert made <= written_to


def test_the_exports_are_the_stacks_interface(deployment: Deployment) -> None:
    exports = dict(deployment.exports)
    (region,) = exports.pop("regions").values()
    assert exports == region
    assert exports.keys() == EXPORTS
    queues = exports.pop("queues")
    assert all(isinstance(value, str) and value for value in exports.values())
    assert exports["tier"] in ("development", "production")
    assert queues.keys() == {"clicks", "delivery", "publish", "events"}
    for title, queue in queues.items():
        assert queue.keys() == {"url", "dead_letter_url"}, title
        assert queue["dead_letter_url"] == queue["url"].replace("-source", "-dead-letter"), title


def test_the_stage_is_named_after_the_stack(dev: Deployment, prod: Deployment) -> None:
    host = "realtime-stage.execute-api.eu-west-1.amazonaws.com"
    assert dev.exports["endpoint"] == f"wss://{host}/dev"
    assert prod.exports["endpoint"] == f"wss://{host}/prod"


def test_messages_are_posted_to_the_address_that_clients_connect_to(dev: Deployment) -> None:
    outputs = dev.outputs["realtime"]
    assert outputs["management_endpoint"] == outputs["endpoint"].replace("wss", "https")


def test_the_log_setting_is_there_before_the_stage_that_needs_it(deployment: Deployment) -> None:
    assert "account-account" in deployment.named("realtime").dependencies
    names = [resource.name for resource in deployment.resources]
    assert names.index("account-account") < names.index("realtime-stage")


def test_the_log_setting_and_its_role_outlive_the_stack(deployment: Deployment) -> None:
    kept = {resource.name for resource in deployment.resources if resource.retained}
    assert kept == {"account-role", "account-logs-policy", "account-account"}


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("realtime-rows-table", {"PK": "S", "SK": "S"}),
        ("links-rows-table", {"PK": "S", "SK": "S", "owner": "S", "createdAt": "N"}),
    ],
)
def test_the_tables_keys(dev: Deployment, table: str, keys: dict[str, str]) -> None:
    inputs = dev.named(table).inputs
    assert (inputs["hashKey"], inputs["rangeKey"]) == ("PK", "SK")
    assert {a["name"]: a["type"] for a in inputs["attributes"]} == keys


def test_a_links_owner_is_found_by_an_index_that_no_click_writes_to(dev: Deployment) -> None:
    (index,) = dev.named("links-rows-table").inputs["globalSecondaryIndexes"]
    assert index == {
        "name": "by-owner",
        "hashKey": "owner",
        "rangeKey": "createdAt",
        "projectionType": "INCLUDE",
        "nonKeyAttributes": ["target", "expiresAt"],
    }


def routes(deployment: Deployment, api: str) -> dict[str, Any]:
    found = deployment.of("aws:apigatewayv2/route:Route")
    return {r.inputs["routeKey"]: r.inputs for r in found if r.parent == api}


def test_the_websocket_api_answers_what_the_protocol_names(dev: Deployment) -> None:
    authorization = {
        key: route["authorizationType"] for key, route in routes(dev, "realtime").items()
    }
    assert authorization == {
        "$connect": "CUSTOM",
        "$disconnect": "NONE",
        "$default": "NONE",
        "subscribe": "NONE",
        "unsubscribe": "NONE",
        "ping": "NONE",
    }


def test_every_answer_has_a_way_back_to_the_client(dev: Deployment) -> None:
    two_way = {
        key
        for key, route in routes(dev, "realtime").items()
        if route.get("routeResponseSelectionExpression") == "$default"
    }
    responses = dev.of("aws:apigatewayv2/routeResponse:RouteResponse")
    answered = {r.name.removeprefix("realtime-").removesuffix("-route-response") for r in responses}
    assert {key.removeprefix("$") for key in two_way} == answered
    assert answered == {"default", "subscribe", "unsubscribe", "ping"}


def test_a_ping_is_answered_without_a_function(dev: Deployment) -> None:
    integration = dev.named("realtime-ping-integration").inputs
    response = dev.named("realtime-ping-integration-response").inputs
    assert integration["integrationType"] == "MOCK"
    assert integration["templateSelectionExpression"] == r"\$default"
    assert json.loads(integration["requestTemplates"]["$default"]) == {"statusCode": 200}
    assert json.loads(response["responseTemplates"]["$default"]) == {"realtime": {"event": "pong"}}


def test_a_public_channel_needs_no_credentials_to_reach_the_authorizer(dev: Deployment) -> None:
    inputs = dev.named("realtime-authorizer").inputs
    assert inputs["authorizerType"] == "REQUEST"
    assert "identitySources" not in inputs


def test_only_the_redirect_is_public(dev: Deployment) -> None:
    public = {
        k for k, r in routes(dev, "shortener-http").items() if r["authorizationType"] == "NONE"
    }
    assert public == {"$default"}
    assert routes(dev, "shortener-http").keys() - public == {
        "POST /links",
        "GET /links",
        "GET /links/{code}",
        "DELETE /links/{code}",
    }


def test_only_tokens_of_our_own_client_are_accepted(dev: Deployment) -> None:
    inputs = dev.named("shortener-http-authorizer").inputs
    assert inputs["jwtConfiguration"] == {
        "audiences": ["shortener-users-client-id"],
        "issuer": "https://cognito-idp.eu-west-1.amazonaws.com/shortener-users-pool",
    }


def test_pages_of_the_configured_origins_alone_may_call_the_api(
    dev: Deployment, prod: Deployment
) -> None:
    assert "corsConfiguration" not in dev.named("shortener-http-api").inputs
    cors = prod.named("shortener-http-api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://app.example.com"]


def test_the_sign_in_of_a_browser_needs_no_secret(dev: Deployment) -> None:
    client = dev.one("aws:cognito/userPoolClient:UserPoolClient").inputs
    assert client["generateSecret"] is False
    assert set(client["explicitAuthFlows"]) == {
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
