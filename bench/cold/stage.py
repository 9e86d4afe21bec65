"""Lays out functions on disk as Lambda does: source without bytecode, boto3 with it."""

import shutil
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from components.resources import bundle

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "build" / "runtime"
LAYER = ROOT / "build" / "layer"
PLAIN = Path(__file__).parent / "plain"
IN_LAMBDA = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


@dataclass(frozen=True)
class Function:
    """`folders` go to the front of the path, in this order."""

    module: str
    folders: tuple[Path, ...]
    source_bytes: int
    zip_bytes: int


def ours(function: str, folder: Path, shared: tuple[Path, ...]) -> Function:
    return _staged(f"handlers.{function}", bundle.sources(function), folder, shared)


def plain(name: str, folder: Path, boto3: Path) -> Function:
    return _staged(name, {f"{name}.py": PLAIN / f"{name}.py"}, folder, (boto3,))


def _staged(
    module: str, files: dict[str, Path], folder: Path, shared: tuple[Path, ...]
) -> Function:
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, path in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
            packed.write(path, name)
    size = sum(path.stat().st_size for path in files.values())
    return Function(module, (folder, *shared), size, archive.stat().st_size)


def layer(folder: Path) -> Path:
    """The layer's packages, for this machine's processor. As shipped, they hold no bytecode."""
    shutil.copytree(RUNTIME, folder, ignore=shutil.ignore_patterns("__pycache__", "bin"))
    return folder


def boto3(folder: Path) -> Path:
    folder.mkdir()
    for name in IN_LAMBDA:
        spec = find_spec(name)
        assert spec, name
        assert spec.origin, name
        origin = Path(spec.origin)
        path = origin.parent if spec.submodule_search_locations else origin
        (folder / path.name).symlink_to(path)
    return folder


def layer_zip_bytes(folder: Path) -> int:
    archive = shutil.make_archive(str(folder / "layer"), "zip", LAYER)
    return Path(archive).stat().st_size
