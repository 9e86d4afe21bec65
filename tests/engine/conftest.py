"""An empty local cloud for each module, the provider plugin that plays AWS on it, and an engine."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcloud import aws_provider, server
from tests.e2e.conftest import Cloud
from tests.engine.driver import Engine, Program, Run, Stack

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A stack of several hundred resources goes up within a test, on a busy machine too."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "engine"):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="module")
def cloud() -> Generator[Cloud]:
    with server() as endpoint:
        cloud = Cloud(endpoint)
        yield cloud
        cloud.close()


@pytest.fixture(scope="module")
def engine(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Generator[Engine]:
    with aws_provider(cloud.endpoint) as port:
        yield Engine.at(tmp_path_factory.mktemp("engine"), port=port)


@dataclass(frozen=True)
class First:
    """A stack that was previewed and then made."""

    stack: Stack
    announced: Run
    deployed: Run

    @classmethod
    def of(cls, engine: Engine, project: Path, name: str, program: Program) -> "First":
        stack = engine.stack(project, name, program)
        return cls(stack, stack.preview(), stack.up())

    def went_as_announced(self) -> bool:
        return self.announced.changes() == self.deployed.changes()
