from pathlib import Path
from typing import Any

import pytest

from components.resources.bundle import ROOT
from components.resources.function import Function, FunctionArgs, FunctionDefaults
from localcloud.runner import run_program
from tests.infra.harness import Cloud, Deployment, Monitor, Resource, deploy

ARGUMENTS: dict[str, Any] = {
    "environment": {},
    "policies": {},
    "defaults": FunctionDefaults(
        log_retention_days=7, layer_arn="arn:aws:lambda:eu-west-1:1:layer:ours:1"
    ),
    "timeout_seconds": 10,
    "memory_mb": 256,
}


def function(**changes: Any) -> Resource:
    args = FunctionArgs(**{**ARGUMENTS, **changes})
    return deploy(lambda: Function("place", args)).named("place-function")


def test_a_consumers_function_ships_the_consumers_handlers(tmp_path: Path) -> None:
    module = tmp_path / "handlers" / "orders" / "place.py"
    module.parent.mkdir(parents=True)
    for file in (tmp_path / "handlers" / "__init__.py", module.parent / "__init__.py", module):
        file.touch()
    inputs = function(module="orders.place", handlers_path=str(tmp_path)).inputs
    assert inputs["handler"] == "handlers.orders.place.handler"
    shipped = {name: asset.path for name, asset in inputs["code"].assets.items()}
    assert shipped == {
        name: str(tmp_path / name)
        for name in (
            "handlers/__init__.py",
            "handlers/orders/__init__.py",
            "handlers/orders/place.py",
        )
    }


def test_a_function_ships_this_packages_handlers_unless_told_otherwise() -> None:
    shipped = function(module="realtime.functions.disconnect").inputs["code"].assets
    assert shipped["handlers/realtime/functions/disconnect.py"].path.startswith(str(ROOT))


def test_a_consumers_function_is_filed_under_its_folder_unless_told_otherwise() -> None:
    assert service(function(module="realtime.functions.disconnect")) == "realtime"
    assert service(function(module="realtime.functions.disconnect", service="chat")) == "chat"


@pytest.mark.parametrize(("project", "stack"), [("realtime", "prod"), ("orders", "prod")])
def test_two_programs_of_one_account_do_not_mix_their_metrics(project: str, stack: str) -> None:
    deployment = Deployment()
    args = FunctionArgs(**ARGUMENTS, module="realtime.functions.disconnect")
    run_program(
        lambda: Function("place", args),
        project=project,
        stack=stack,
        monitor=Monitor(Cloud(preview=False), deployment),
        config={},
    )
    variables = deployment.named("place-function").inputs["environment"]["variables"]
    errors = deployment.named("place-errors").inputs["metricTransformation"]
    namespace = f"RealtimePlatform/{project}/{stack}/realtime"
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == errors["namespace"] == namespace


def service(made: Resource) -> str:
    return made.inputs["environment"]["variables"]["POWERTOOLS_SERVICE_NAME"]
