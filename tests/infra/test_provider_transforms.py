"""What no argument offers: a transform reaches every part of a RealtimeApi."""

import pulumi
import pytest

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs, TokenArgs
from localcloud.runner import run_program
from tests.infra.harness import Cloud, Deployment
from tests.infra.provider_monitor import TransformingMonitor


class Recorder:
    """A transform that keeps what it is shown, and labels each function."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        self.seen.add(args.name)
        if args.type_ != "aws:lambda/function:Function":
            return None
        return pulumi.ResourceTransformResult(
            props={**args.props, "description": "watched"}, opts=args.opts
        )


def transformed(recorder: Recorder, *, of_stack: bool) -> Deployment:
    def program() -> None:
        options = pulumi.ResourceOptions(transforms=[recorder])
        if of_stack:
            pulumi.runtime.register_resource_transform(recorder)
            options = None
        args = RealtimeApiArgs(
            stage_name="dev",
            channels=[ChannelRule(pattern="link:*", access="public", delivery="latest")],
            throttling_rate_limit=10,
            defaults=FunctionDefaults(log_retention_days=7),
            tokens=TokenArgs(issuer="https://issuer.example", audiences=["web"]),
            ticket_api=True,
        )
        RealtimeApi("realtime", args, options)

    deployment = Deployment()
    monitor = TransformingMonitor(Cloud(preview=False), deployment)
    run_program(program, project="shop", stack="dev", monitor=monitor, config={})
    return deployment


@pytest.mark.parametrize("of_stack", [False, True], ids=["of the component", "of the stack"])
def test_a_transform_is_shown_every_part_and_changes_what_it_will(*, of_stack: bool) -> None:
    recorder = Recorder()
    deployment = transformed(recorder, of_stack=of_stack)
    assert recorder.seen >= {resource.name for resource in deployment.resources}
    functions = deployment.of("aws:lambda/function:Function")
    assert len(functions) >= 6
    assert {function.inputs["description"] for function in functions} == {"watched"}
