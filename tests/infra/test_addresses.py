"""A stack under names of its account's own: the two APIs, and the dashboard beside them."""

import json
import runpy
from typing import Any

import pytest

from localcloud.runner import run_program
from tests.infra.configured import planned, refused
from tests.infra.harness import ROOT, Deployment, Monitor
from tests.infra.test_custom_domain import Issuing

DOMAINS = {"hostedZoneId": "Z1", "webSocket": "live.example.com", "http": "go.example.com"}
DASHBOARD = {
    "domainName": "dashboard.example.com",
    "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
}
ORIGIN = "https://dashboard.example.com"


def program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def deployed(**changes: Any) -> Deployment:
    deployment = Deployment()
    config = {**planned({"domains": DOMAINS, "dashboard": DASHBOARD}), **changes}
    monitor = Monitor(Issuing(preview=False), deployment)
    deployment.exports = run_program(
        program, project="realtime", stack="dev", monitor=monitor, config=config
    )
    return deployment


@pytest.fixture(scope="module")
def named() -> Deployment:
    return deployed()


def variables(deployment: Deployment, function: str) -> dict[str, str]:
    return deployment.named(f"{function}-function").inputs["environment"]["variables"]


def test_the_stack_exports_its_own_names(named: Deployment) -> None:
    assert named.exports["endpoint"] == "wss://live.example.com"
    assert named.exports["api_url"] == "https://go.example.com"
    assert named.exports["dashboard_url"] == ORIGIN


def test_each_name_leads_to_the_stage_of_its_api(named: Deployment) -> None:
    live, go = (named.named(f"{name}-mapping").inputs for name in ("live", "go"))
    assert (live["apiId"], live["stage"]) == ("realtime-api-id", "dev")
    assert (go["apiId"], go["stage"]) == ("shortener-http-api-id", "$default")
    assert "shortener-http-stage" in named.named("go-mapping").dependencies


def test_a_short_link_begins_with_the_name(named: Deployment) -> None:
    assert variables(named, "shortener-links")["PUBLIC_URL"] == "https://go.example.com"


def test_messages_are_still_posted_to_the_apis_own_address(named: Deployment) -> None:
    posted_to = variables(named, "clicks-aggregate")["MANAGEMENT_ENDPOINT"]
    assert posted_to == "https://realtime-stage.execute-api.eu-west-1.amazonaws.com/dev"


def test_the_dashboard_is_told_the_names(named: Deployment) -> None:
    config = json.loads(named.named("dashboard-config.json").inputs["content"])
    assert (config["apiUrl"], config["endpoint"]) == (
        "https://go.example.com",
        "wss://live.example.com",
    )


def test_the_dashboards_pages_may_call_the_api(named: Deployment) -> None:
    cors = named.named("shortener-http-api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == [ORIGIN]


@pytest.mark.parametrize("origins", [[], ["https://app.example.com"]])
def test_the_dashboards_pages_may_connect_and_shut_out_no_other(origins: list[str]) -> None:
    deployment = deployed(**{"realtime:allowedOrigins": json.dumps(origins)})
    allowed = json.loads(variables(deployment, "realtime-authorize")["ALLOWED_ORIGINS"])
    assert allowed == ([*origins, ORIGIN] if origins else [])


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("domains.http", "Go.example.com", "must be a host name like"),
        ("domains.webSocket", None, "must be set, and is not"),
        ("dashboard.domainName", "https://x.example.com", "must be a host name like"),
        ("dashboard.certificateArn", "arn:aws:acm:eu-west-1:1:certificate/1", "must be the ARN"),
    ],
)
def test_a_name_that_cannot_work_is_refused(path: str, value: Any, rule: str) -> None:
    (sentence,) = refused(
        planned({"domains": {**DOMAINS}, "dashboard": {**DASHBOARD}, path: value})
    )
    assert sentence.startswith(f"realtime:regions.eu-west-1.{path} {rule}")
    assert f"--path 'realtime:regions.eu-west-1.{path}' " in sentence


def test_one_name_for_two_addresses_is_refused() -> None:
    (sentence,) = refused(planned({"domains": {**DOMAINS, "http": DOMAINS["webSocket"]}}))
    assert "one address only, got live.example.com for 2" in sentence
