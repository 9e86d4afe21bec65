from collections.abc import Iterator

import pytest

from .graphs import NAMES, Graph, graph


@pytest.fixture(scope="session", autouse=True)
def outputs_in_strings_are_errors() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - autouse
    """Pulumi otherwise writes a warning's text into the resource."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
        yield


@pytest.fixture(params=NAMES, name="graph")
def each_graph(request: pytest.FixtureRequest) -> Graph:
    return graph(request.param)
