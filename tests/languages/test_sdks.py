"""The SDKs that `pulumi package add` would generate compile, with the programs of the page."""

from pathlib import Path

import pytest

from tests.infra.recorded import SCHEMA
from tests.languages import sdks

pytestmark = pytest.mark.timeout(600)  # the first time, Go compiles the generators


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdks")
    sdks.generated(SCHEMA, folder)
    return folder


def test_the_sdk_for_go_compiles_with_the_pages_program(made: Path) -> None:
    sdks.compiled_go(made / "go", sdks.program("go"))


def test_the_sdk_for_typescript_compiles_with_the_pages_program(made: Path, tmp_path: Path) -> None:
    sdks.compiled_typescript(made / "nodejs", tmp_path, sdks.program("typescript"))
