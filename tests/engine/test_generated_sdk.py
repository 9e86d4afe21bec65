"""A program with the generated Python SDK deploys on the engine, and its mistakes are named."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
import yaml

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs
from tests.engine.conftest import ROOT
from tests.engine.driver import Engine, Program, Run, Stack
from tests.infra.recorded import SCHEMA
from tests.languages import sdks

pytestmark = pytest.mark.timeout(600)  # the first time, Go compiles the generators

Consumer = Callable[[str, Program], Stack]

RULE: dict[str, Any] = {"pattern": "link:*", "access": "public", "delivery": "latest"}
REALTIME: dict[str, Any] = {
    "stage_name": "live",
    "channels": [RULE],
    "throttling_rate_limit": 10,
    "defaults": {"log_retention_days": 7},
}


@pytest.fixture(scope="module")
def sdk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdks")
    sdks.generated(SCHEMA, folder)
    return folder


@pytest.fixture(scope="module")
def sdk(sdk_folder: Path) -> Iterator[Any]:
    """Python's, whose programs run in this process. All SDKs send the engine the same requests."""
    folder = sdk_folder / "installed"
    sdks.installed_python(sdk_folder / "python", folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "path", [str(folder), *sys.path])
        yield importlib.import_module("pulumi_realtime")


@pytest.fixture(scope="module")
def consumer(engine: Engine, sdk_folder: Path) -> Consumer:
    """A new stack whose project names the provider."""
    command = sdk_folder / "bin" / "pulumi-resource-realtime"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u "{ROOT}/components" "$@"\n')
    command.chmod(0o755)
    plugins = {"providers": [{"name": "realtime", "path": str(command.parent)}]}

    def stack(project: str, program: Program) -> Stack:
        folder = sdk_folder / "projects" / project
        folder.mkdir(parents=True)
        settings = {"name": project, "runtime": "python", "plugins": plugins}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
        return engine.stack(folder, "dev", program)

    return stack


def test_a_program_with_the_sdk_creates_the_resources_of_the_same_program_without_it(
    consumer: Consumer, sdk: Any
) -> None:
    def with_the_sdk() -> None:
        pulumi.export("endpoint", sdk.RealtimeApi("live", **REALTIME).endpoint)

    def without() -> None:
        rules = [ChannelRule(**RULE)]
        args = RealtimeApiArgs(
            stage_name="live",
            channels=rules,
            throttling_rate_limit=10,
            defaults=FunctionDefaults(log_retention_days=7),
        )
        RealtimeApi("live", args)

    stack = consumer("shop", with_the_sdk)
    assert resources(stack.up()) == resources(consumer("direct", without).preview())
    assert stack.outputs()["endpoint"].endswith("/live")
    assert stack.up().operations() == {"same"}


def resources(run: Run) -> set[tuple[str, str]]:
    """Type and name of each resource that changes, without the stack and its providers."""
    own = (step for step in run.changes() if not step.type.startswith("pulumi:"))
    return {(step.type, step.name) for step in own}


def for_an_argument(output: Any) -> dict[str, Any]:
    return {"throttling_rate_limit": output}


def within_a_rule(output: Any) -> dict[str, Any]:
    return {"channels": [{**RULE, "pattern": output}]}


def beside_another_mistake(output: Any) -> dict[str, Any]:
    return {"tokens": {"issuer": output, "audiences": []}}


NOT_KNOWN = (
    "must be known when the program runs, because it decides what is made: got an output of a"
    " resource, or a secret."
)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (for_an_argument, f"throttlingRateLimit {NOT_KNOWN}"),
        (within_a_rule, f"channels[0].pattern {NOT_KNOWN}"),
        (beside_another_mistake, "tokens.audiences must name 1 to 10, got 0"),
    ],
    ids=["an-argument", "within-a-rule", "beside-another-mistake"],
)
def test_the_engine_prints_a_refusal_once_while_an_output_is_unknown(
    consumer: Consumer, sdk: Any, given: Callable[[Any], dict[str, Any]], sentence: str
) -> None:
    def program() -> None:
        sdk.RealtimeApi("live", **{**REALTIME, **given(aws.sqs.Queue("queue").url)})

    said = consumer(given.__name__, program).refused_preview().said
    start = f"realtime:index:RealtimeApi resource 'live' has a problem: {sentence}"
    assert said[0].startswith(start)
    assert "".join(said).count(sentence) == 1
