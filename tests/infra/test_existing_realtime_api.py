import functools
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components import (
    ChannelRule,
    ExistingRealtimeApi,
    ExistingRealtimeApiArgs,
    FunctionDefaults,
    RealtimeApi,
    RealtimeApiArgs,
    TokenArgs,
)
from components.realtime_api.grants import MissingTokens
from components.realtime_api.reference import VERSION, ReferenceRefused
from localcloud.runner import run_program
from tests.infra.harness import Cloud, Deployment, Monitor, deploy

STACK = "organization/shop/prod"
GRANTS: dict[str, tuple[str, ...]] = {
    "publish": (),
    "disconnect": (),
    "inspect": (),
    "send": (),
    "put_events": ("orders",),
    "revoke": (),
}


class OtherStack(Cloud):
    """A cloud in which another stack has been deployed, with these exports."""

    def __init__(self, exports: dict[str, Any]) -> None:
        super().__init__(preview=False)
        self.exports = exports

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            assert args.resource_id == STACK
            return STACK, {"name": STACK, "outputs": self.exports, "secretOutputNames": []}
        return super().new_resource(args)


def realtime(*, tokens: bool = True) -> RealtimeApi:
    args = RealtimeApiArgs(
        stage_name="dev",
        channels=[ChannelRule(pattern="link:*", access="public", delivery="latest")],
        throttling_rate_limit=10,
        defaults=FunctionDefaults(log_retention_days=7),
        tokens=TokenArgs(issuer="https://issuer.example", audiences=["web"]) if tokens else None,
    )
    return RealtimeApi("realtime", args)


@functools.cache
def exported(*, tokens: bool = True) -> dict[str, Any]:
    def program() -> None:
        pulumi.export("realtime", realtime(tokens=tokens).reference)

    return deploy(program).exports


def deploy_beside(exports: dict[str, Any], program: Callable[[], object]) -> Deployment:
    deployment = Deployment()
    monitor = Monitor(OtherStack(json.loads(json.dumps(exports))), deployment)
    deployment.exports = run_program(
        program, project="orders", stack="dev", monitor=monitor, config={}
    )
    return deployment


def grant_all(api: RealtimeApi | ExistingRealtimeApi) -> None:
    for grant, arguments in GRANTS.items():
        getattr(api, f"grant_{grant}")("orders", "orders-role", *arguments)


def policies(deployment: Deployment) -> dict[str, Any]:
    granted = deployment.of("aws:iam/rolePolicy:RolePolicy")
    return {p.name: json.loads(p.inputs["policy"]) for p in granted if p.parent == "realtime"}


def test_a_grant_from_another_stack_is_the_grant_of_its_own_stack() -> None:
    def program() -> None:
        grant_all(RealtimeApi.from_stack("realtime", STACK))

    granted = policies(deploy_beside(exported(), program))
    assert len(granted) == len(GRANTS)
    assert granted == policies(deploy(lambda: grant_all(realtime())))


def test_the_outputs_and_variables_are_those_of_its_own_stack() -> None:
    def offered(api: RealtimeApi | ExistingRealtimeApi) -> None:
        pulumi.export("environment", dict(api.publish_environment))
        for name in ExistingRealtimeApi.__annotations__:
            pulumi.export(name, getattr(api, name))

    own = deploy(lambda: offered(realtime())).exports
    there = deploy_beside(exported(), lambda: offered(RealtimeApi.from_stack("other", STACK)))
    assert there.exports == own
    assert own["endpoint"].startswith("wss://")
    assert own["environment"]["CHANNEL_RULES"].startswith("[")


def test_nothing_is_made_but_what_was_granted() -> None:
    def program() -> None:
        RealtimeApi.from_stack("realtime", STACK).grant_send("orders", "orders-role")

    made = [resource.name for resource in deploy_beside(exported(), program).resources]
    assert sorted(made) == ["realtime", "realtime-orders-send-policy"]


def test_a_stack_may_describe_several_under_names_of_its_own() -> None:
    args = ExistingRealtimeApiArgs(stack=STACK, output="chat")
    described = {"chat": exported()["realtime"] | {"endpoint": "wss://chat"}}
    deployment = deploy_beside(described, lambda: ExistingRealtimeApi("realtime", args))
    assert deployment.outputs["realtime"]["endpoint"] == "wss://chat"


@pytest.mark.parametrize(
    ("exports", "sentence"),
    [
        (
            {},
            "'organization/shop/prod' must describe its RealtimeApi as 'realtime'",
        ),
        ({"realtime": "wss://live"}, r'Add there: pulumi.export\("realtime", realtime.reference\)'),
        ({"realtime": {"endpoint": "wss://live"}}, "has no such export"),
        ({"realtime": {"version": 0}}, "has no such export"),
        ({"realtime": {"version": VERSION + 1}}, "must have version 1 at most, got 2"),
    ],
)
def test_a_stack_that_does_not_describe_it_so_that_we_understand_is_refused(
    exports: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ReferenceRefused, match=sentence):
        deploy_beside(exports, lambda: RealtimeApi.from_stack("realtime", STACK))


def test_nobody_is_logged_out_of_an_api_that_knows_nobody() -> None:
    def program() -> None:
        RealtimeApi.from_stack("realtime", STACK).grant_revoke("orders", "orders-role")

    with pytest.raises(MissingTokens, match="must have tokens for orders to log principals out"):
        deploy_beside(exported(tokens=False), program)


def test_the_description_is_plain_json_with_a_version() -> None:
    described = exported()["realtime"]
    assert described["version"] == VERSION
    assert json.loads(json.dumps(described)) == described
    assert described.keys() == {
        *("version", "publish_environment"),
        *ExistingRealtimeApi.__annotations__,
    }
