"""What ships with a function: its module and those of the project that it imports, nothing else.

Imports are read from the source and never run. A whole folder would also ship tests and bytecode,
whose changes redeploy functions that nobody touched.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pulumi

ROOT = Path(__file__).parents[1]
LAYER = "build/layer"


class BundleError(pulumi.RunError):
    """What a function needs is not there to be shipped."""


def sources(module: str, *, root: Path = ROOT) -> dict[str, Path]:
    """Path in the archive -> file, for a module under `handlers`, as in `realtime.connect`."""
    found: dict[str, Path] = {}
    waiting = [f"handlers.{module}"]
    while waiting:
        file = _file(root, waiting.pop())
        name = file.relative_to(root).as_posix()
        if name not in found:
            found[name] = file
            waiting += _packages(name)
            waiting += _imports(root, file)
    return dict(sorted(found.items()))


def archive(module: str) -> pulumi.AssetArchive:
    return pulumi.AssetArchive(
        {name: pulumi.FileAsset(str(path)) for name, path in sources(module).items()}
    )


def layer(root: Path = ROOT) -> pulumi.FileArchive:
    """The third-party packages of all functions, for Lambda's processor."""
    path = root / LAYER
    if not (path / "python").is_dir():
        raise BundleError(
            f"The functions' packages must be in {LAYER}/python, and there is no such folder."
            " Build them with: make build"
        )
    return pulumi.FileArchive(str(path))


def _file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    raise BundleError(
        "What ships with a function must be a module or a package with an __init__.py, and"
        f" {module} is neither in {root}. Create it, or correct the module's name."
    )


def _packages(name: str) -> Iterator[str]:
    """Python runs the `__init__` of every package above a module before the module itself."""
    for folder in list(Path(name).parents)[:-1]:
        yield ".".join(folder.parts)


def _imports(root: Path, file: Path) -> Iterator[str]:
    package = file.parent.relative_to(root).parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
        module = ".".join(part for part in base if part)
        yield module
        for (
            alias
        ) in node.names:  # `from . import wire` names a module, `from .wire import Frame` none
            member = root.joinpath(*module.split("."), alias.name)
            if member.is_dir() or member.with_suffix(".py").is_file():
                yield f"{module}.{alias.name}"
