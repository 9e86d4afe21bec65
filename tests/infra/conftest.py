from collections.abc import Iterator

import pytest

from tests.infra.harness import Deployment, deploy_stack


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
