from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.infra.harness import ROOT, Deployment, deploy_stack
from tests.infra.provider_monitor import Served, engine, provider


@pytest.fixture(scope="session", autouse=True)
def outputs_in_strings_are_errors() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - autouse
    """Pulumi otherwise writes a warning's text into the resource."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
        yield


@pytest.fixture(scope="session")
def dev() -> Deployment:
    return deploy_stack("dev")


@pytest.fixture(scope="session")
def prod() -> Deployment:
    return deploy_stack("prod")


@pytest.fixture(scope="session", params=["dev", "prod"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with ExitStack() as stack:
        address, deployment = stack.enter_context(engine())
        process = stack.enter_context(provider(ROOT / "components", address))
        yield process, address, deployment
