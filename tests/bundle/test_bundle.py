"""What ships with a function runs with nothing but the layer and Lambda's own boto3 beside it."""

import ast
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from components.resources import bundle

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "build" / "runtime"
LAYER = ROOT / "build" / "layer" / "python"
ZIPPED = ROOT / "build" / "layer.zip"
AARCH64 = 183  # e_machine in the header of an ELF file
IN_LAMBDA = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
FUNCTIONS = sorted(
    ".".join(path.relative_to(ROOT / "handlers").with_suffix("").parts)
    for path in (ROOT / "handlers").rglob("*.py")
    if "\ndef handler(" in path.read_text()
)

# Runs without site-packages: only what is listed can be imported.
IMPORT_ALL = """
import importlib, importlib.util, json, sys
folders, modules, packages, eager = json.loads(sys.argv[1])
sys.path[:0] = folders
for name in modules:
    module = importlib.import_module(name)
    assert module.__file__.startswith(folders[0]), module.__file__
assert ("boto3" in sys.modules) == eager
missing = [name for name in packages if importlib.util.find_spec(name) is None]
assert not missing, f"imported and not shipped: {missing}"
assert callable(importlib.import_module(modules[-1]).handler)
"""


@pytest.fixture(scope="session")
def boto3_of_lambda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lambda")
    for name in IN_LAMBDA:
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin is not None, name
        origin = Path(spec.origin)
        path = origin.parent if spec.submodule_search_locations else origin
        (folder / path.name).symlink_to(path)
    return folder


def imported_packages(file: Path) -> set[str]:
    """Third-party and standard ones, also those imported on first use, but none for types alone."""
    return {name.partition(".")[0] for name in _absolute_imports(ast.parse(file.read_text()))}


def _absolute_imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level:
            yield str(child.module)
        yield from _absolute_imports(child)


def test_there_are_functions_to_ship() -> None:
    assert "realtime.functions.connect" in FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_from_its_bundle_alone_and_makes_its_clients_at_import(
    function: str, tmp_path: Path, boto3_of_lambda: Path
) -> None:
    assert RUNTIME.is_dir(), "the layer's packages for this machine are missing; run: make setup"
    files = bundle.sources(function)
    for name, path in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / name)
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files
    ]
    wanted = f"handlers.{function}"
    ordered = [*(name for name in modules if name != wanted), wanted]
    packages = sorted({name for path in files.values() for name in imported_packages(path)})
    folders = [str(tmp_path), str(RUNTIME), str(boto3_of_lambda)]
    # Most runs of the authorizer need no client, and the redirect makes its calls itself.
    eager = function not in {"realtime.functions.authorize", "shortener.redirect"}
    ran = subprocess.run(
        [sys.executable, "-ISB", "-c", IMPORT_ALL, json.dumps([folders, ordered, packages, eager])],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"},
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_bundle_of_one_function_is_exactly_this() -> None:
    assert list(bundle.sources("realtime.functions.disconnect")) == [
        "handlers/__init__.py",
        "handlers/aws.py",
        "handlers/environment.py",
        "handlers/realtime/__init__.py",
        "handlers/realtime/connections.py",
        "handlers/realtime/functions/__init__.py",
        "handlers/realtime/functions/disconnect.py",
        "handlers/realtime/identity/__init__.py",
        "handlers/realtime/identity/principal.py",
        "handlers/realtime/identity/session_store.py",
        "handlers/realtime/identity/sessions.py",
        "handlers/realtime/model.py",
        "handlers/realtime/ports.py",
        "handlers/realtime/store.py",
        "handlers/realtime/table.py",
        "handlers/signed_http/__init__.py",
        "handlers/signed_http/json_calls.py",
        "handlers/signed_http/responses.py",
        "handlers/signed_http/signature.py",
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_but_the_handlers_own_source_ships(function: str) -> None:
    for name, path in bundle.sources(function).items():
        assert name.startswith("handlers/")
        assert name.endswith(".py")
        assert path == ROOT / name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_archive_is_the_bundle(function: str) -> None:
    assert bundle.archive(function).assets.keys() == bundle.sources(function).keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_bundle_stays_small(function: str) -> None:
    assert sum(path.stat().st_size for path in bundle.sources(function).values()) < 200_000


def test_the_layer_holds_what_this_machine_tests_with() -> None:
    assert LAYER.is_dir(), "the layer is missing; run: make build"
    shipped = {path.name for path in LAYER.glob("*.dist-info")}
    assert shipped == {path.name for path in RUNTIME.glob("*.dist-info")}


def test_the_layer_leaves_to_lambda_what_is_lambdas() -> None:
    shipped = {path.name for path in LAYER.iterdir()}
    assert not {"boto3", "botocore", "bin", "tests"} & shipped


def test_what_is_uploaded_is_the_layer() -> None:
    assert ZIPPED.is_file(), "the layer is missing; run: make build"
    with zipfile.ZipFile(ZIPPED) as archive:
        shipped = {name for name in archive.namelist() if not name.endswith("/")}
        times = {entry.date_time for entry in archive.infolist()}
        modes = {entry.external_attr >> 16 & 0o666 for entry in archive.infolist()}
    files = (path for path in LAYER.rglob("*") if path.is_file())
    assert shipped == {path.relative_to(LAYER.parent).as_posix() for path in files}
    assert len(times) == 1, "the file would differ from one build to the next"
    assert modes == {0o644}, "the file would differ with the umask"
    assert not [name for name in shipped if name.endswith("/RECORD")], "with the machine's paths"


def test_the_layers_binaries_are_for_lambdas_processor() -> None:
    binaries = list(LAYER.rglob("*.so"))
    assert binaries
    assert {int.from_bytes(path.read_bytes()[18:20], "little") for path in binaries} == {AARCH64}
    assert all("cpython-313" in path.name or ".abi3." in path.name for path in binaries)
