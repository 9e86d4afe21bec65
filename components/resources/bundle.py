"""The files of a function: its module and the modules of the project that it imports.

Imports are read from the source and never run. A whole folder would also ship tests and bytecode,
whose changes would redeploy functions that did not change.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pulumi

ROOT = Path(__file__).parents[2]
LAYER = "build/layer.zip"
PACKAGE = "handlers"


class BundleError(pulumi.RunError):
    """A file that a function needs is missing."""


def sources(module: str, *, root: Path = ROOT) -> dict[str, Path]:
    """Path in the archive -> file, for a module such as `realtime.functions.connect`."""
    found: dict[str, Path] = {}
    waiting = [f"{PACKAGE}.{module}"]
    while waiting:
        file = _file(root, waiting.pop())
        name = file.relative_to(root).as_posix()
        if name not in found:
            found[name] = file
            # Python runs the `__init__` of every package above a module before the module itself.
            waiting += [".".join(folder.parts) for folder in list(Path(name).parents)[:-1]]
            waiting += _imports(root, file, file.stat().st_mtime_ns)
    return dict(sorted(found.items()))


def archive(module: str, *, root: Path = ROOT) -> pulumi.AssetArchive:
    """`root` is the folder that holds the package `handlers`."""
    return pulumi.AssetArchive(
        {name: pulumi.FileAsset(str(path)) for name, path in sources(module, root=root).items()}
    )


def layer(root: Path = ROOT) -> pulumi.FileArchive:
    """The third-party packages of all functions, for Lambda's processor. A wheel brings them."""
    path = root / LAYER
    if not path.is_file():
        raise BundleError(
            f"The functions' packages must be in {path}, and there is no such file. In a clone of"
            " the project build them with: make build. Elsewhere install the package's wheel, which"
            " brings them, or give defaults.layer_arn."
        )
    return pulumi.FileArchive(str(path))


def _file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    raise BundleError(
        "A function's files must be modules or packages with an __init__.py, and"
        f" {module} is neither in {root}. Create it, or correct the module's name."
    )


@cache
def _imports(root: Path, file: Path, _changed_ns: int) -> list[str]:
    """Cached until the file changes: most functions import the same modules."""
    package = file.parent.relative_to(root).parts
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and (module := _imported(package, node)):
            found += [module, *_members(root, module, node)]
    return found


def _imported(package: tuple[str, ...], node: ast.ImportFrom) -> str | None:
    """The module after `from`, in full; None if it is no module of the project."""
    name = node.module or ""
    if not node.level:
        return name if _is_ours(name) else None
    base = [*package[: len(package) - node.level + 1], *name.split(".")]
    return ".".join(part for part in base if part)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE


def _members(root: Path, module: str, node: ast.ImportFrom) -> Iterator[str]:
    """`from . import wire` names a module, `from .wire import Frame` none."""
    for alias in node.names:
        member = root.joinpath(*module.split("."), alias.name)
        if member.is_dir() or member.with_suffix(".py").is_file():
            yield f"{module}.{alias.name}"
