"""When the WebSocket API is deployed anew: for what its clients would notice, and nothing else."""

import dataclasses
from functools import cache
from typing import Any

import pytest
from pulumi.runtime import mocks

from components import FunctionDefaults
from components.realtime_api import component, definition
from components.realtime_api.definition import REALTIME, Definition, Mock, fingerprint
from localcloud.runner import run_program
from tests.infra.harness import Cloud, Deployment, Monitor, deploy
from tests.infra.test_realtime_api import live, realtime_api

DEPLOYMENT = "aws:apigatewayv2/deployment:Deployment"


def trigger(deployment: Deployment) -> str:
    return deployment.one(DEPLOYMENT).inputs["triggers"]["definition"]


class Replacing(Cloud):
    """An account in which one resource has been made anew, so that AWS calls it otherwise."""

    def __init__(self, replaced: str) -> None:
        super().__init__(preview=False)
        self._replaced = replaced

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        id_, outputs = super().new_resource(args)
        if args.name != self._replaced:
            return id_, outputs
        return f"{id_}-anew", outputs | {"invokeArn": f"{outputs.get('invokeArn')}-anew"}


def triggers(cloud: Cloud, *, preview: bool = False) -> dict[str, Any]:
    """What makes a deployment in this account."""
    deployment = Deployment()
    run_program(
        realtime_api,
        project="realtime",
        stack="dev",
        monitor=Monitor(cloud, deployment),
        config={},
        preview=preview,
    )
    return dict(deployment.one(DEPLOYMENT).inputs["triggers"])


@cache
def unchanged() -> dict[str, Any]:
    """What makes it where nothing was replaced."""
    return triggers(Cloud(preview=False))


def with_routes(**changes: Any) -> Definition:
    first, *others = REALTIME.routes
    return dataclasses.replace(REALTIME, routes=(dataclasses.replace(first, **changes), *others))


def with_mock(**changes: Any) -> Definition:
    mock = dataclasses.replace(REALTIME.mocks["ping"], **changes)
    return dataclasses.replace(REALTIME, mocks={"ping": mock})


CHANGED = {
    "a route less": dataclasses.replace(REALTIME, routes=REALTIME.routes[1:]),
    "a route's key": with_routes(key="hello"),
    "a route's integration": with_routes(integration="messages"),
    "a route's authorization": with_routes(authorization="NONE"),
    "a route's replies": with_routes(replies=True),
    "a template of the answer": with_mock(response="{}"),
    "a template of the request": with_mock(request="{}"),
    "the choice of a template": with_mock(selection_expression="200"),
    "the choice of a route": dataclasses.replace(REALTIME, route_selection_expression="$request.x"),
    "the authorizer": dataclasses.replace(REALTIME, authorizer_type="JWT"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_a_client_would_notice_is_deployed(what: str) -> None:
    assert fingerprint(CHANGED[what]) != fingerprint(REALTIME)


def test_every_setting_counts() -> None:
    assert len({fingerprint(changed) for changed in CHANGED.values()}) == len(CHANGED)


def test_the_order_in_which_mocks_are_written_is_no_change() -> None:
    one, other = Mock(request="1", response="1"), Mock(request="2", response="2")
    forwards = dataclasses.replace(REALTIME, mocks={"a": one, "b": other})
    backwards = dataclasses.replace(REALTIME, mocks={"b": other, "a": one})
    assert fingerprint(forwards) == fingerprint(backwards)


def test_the_definition_is_what_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trigger(live()) == fingerprint(REALTIME)
    changed = with_mock(response='{"realtime":{"event":"pong","by":"mock"}}')
    monkeypatch.setattr(component, "REALTIME", changed)
    deployment = deploy(realtime_api)
    response = deployment.named("live-ping-integration-response").inputs["responseTemplates"]
    assert trigger(deployment) == fingerprint(changed)
    assert response == {definition.DEFAULT: changed.mocks["ping"].response}


def test_what_no_client_would_notice_is_not_deployed() -> None:
    other = deploy(
        lambda: realtime_api(
            defaults=FunctionDefaults(log_retention_days=30),
            maximum_subscriptions=5,
            protect_data=True,
        )
    )
    assert trigger(other) == trigger(live())


SERVED = [
    *(f"live-{name}-function" for name in ("authorize", "connect", "disconnect", "messages")),
    *("live-authorizer", "live-connect-integration", "live-ping-integration"),
    *("live-connect-route", "live-default-route"),
]


@pytest.mark.parametrize("replaced", SERVED)
def test_what_the_stage_leads_to_is_deployed_anew_when_it_was_replaced(replaced: str) -> None:
    assert triggers(Replacing(replaced)) != unchanged()


@pytest.mark.parametrize("replaced", ["live-fan-out-function", "live-publish-function", "none"])
def test_nothing_is_deployed_anew_for_what_the_stage_does_not_lead_to(replaced: str) -> None:
    assert triggers(Replacing(replaced)) == unchanged()


def test_a_preview_of_a_stack_that_stays_as_it_is_announces_no_deployment() -> None:
    """In a preview an output that a resource does not have counts as unknown, and so as changed."""
    there = Cloud(preview=False)
    assert triggers(there, preview=True) == triggers(there)


def test_a_deployment_is_made_and_served_after_all_that_it_is_a_snapshot_of() -> None:
    deployment = live()
    parts = {
        resource.name
        for kind in ("route:Route", "routeResponse:RouteResponse", "integration:Integration")
        for resource in deployment.of(f"aws:apigatewayv2/{kind}")
    }
    parts |= {"live-authorizer", "live-ping-integration-response"}
    assert parts <= deployment.named("live-deployment").dependencies
    assert parts | {"live-deployment"} <= deployment.named("live-stage").dependencies


def test_a_stage_serves_the_deployment_that_it_was_given_and_no_other() -> None:
    stage = live().named("live-stage").inputs
    assert stage["autoDeploy"] is False
    assert stage["deploymentId"] == "live-deployment-id"
