from pathlib import Path

import pytest

from components.resources.bundle import BundleError, archive, layer, sources


def project(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        for folder in list(Path(name).parents)[:-1]:
            (root / folder / "__init__.py").touch()
    return root


def shipped(root: Path, files: dict[str, str]) -> set[str]:
    found = sources("links.get", root=project(root, files))
    return {name for name in found if not name.endswith("__init__.py")}


GET = "handlers/links/get.py"


@pytest.mark.parametrize(
    ("line", "also"),
    [
        ("", set[str]()),
        ("from . import store", {"handlers/links/store.py"}),
        ("from .store import Store", {"handlers/links/store.py"}),
        ("from .. import clock", {"handlers/clock.py"}),
        ("from ..users.store import Store", {"handlers/users/store.py"}),
        ("from ..users import store as users_store", {"handlers/users/store.py"}),
        ("def f():\n    from . import store", {"handlers/links/store.py"}),
        ("from handlers.links.store import Store", {"handlers/links/store.py"}),
        ("from handlers.users import store", {"handlers/users/store.py"}),
        ("from handlers import clock", {"handlers/clock.py"}),
        ("import handlers.users.store as store", {"handlers/users/store.py"}),
        ("import json\nfrom pathlib import Path\nimport boto3", set[str]()),
    ],
)
def test_a_bundle_holds_what_its_module_imports(tmp_path: Path, line: str, also: set[str]) -> None:
    others = dict.fromkeys(
        ["handlers/links/store.py", "handlers/clock.py", "handlers/users/store.py"], ""
    )
    assert shipped(tmp_path, {**others, GET: line}) == {GET} | also


def test_what_is_imported_by_an_import_ships_too(tmp_path: Path) -> None:
    files = {
        GET: "from . import a",
        "handlers/links/a.py": "from ..users import b",
        "handlers/users/b.py": "from .. import c",
        "handlers/c.py": "",
    }
    assert shipped(tmp_path, files) == files.keys()


def test_what_a_package_imports_ships_too(tmp_path: Path) -> None:
    root = project(tmp_path, {GET: "", "handlers/links/a.py": ""})
    (root / "handlers/links/__init__.py").write_text("from . import a")
    assert "handlers/links/a.py" in sources("links.get", root=root)


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    files = {GET: "from . import a", "handlers/links/a.py": "from . import get"}
    assert shipped(tmp_path, files) == files.keys()


def test_every_package_above_a_module_ships(tmp_path: Path) -> None:
    found = sources("links.get", root=project(tmp_path, {GET: ""}))
    assert list(found) == ["handlers/__init__.py", "handlers/links/__init__.py", GET]


def test_reading_a_module_does_not_run_it(tmp_path: Path) -> None:
    assert shipped(tmp_path, {GET: "raise SystemExit"}) == {GET}


def test_a_missing_module_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"handlers\.links\.gone is neither"):
        shipped(tmp_path, {GET: "from .gone import a"})


def test_a_package_without_init_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path, {GET: ""})
    (root / "handlers/links/__init__.py").unlink()
    with pytest.raises(BundleError, match=r"an __init__\.py, and handlers\.links is"):
        sources("links.get", root=root)


def test_a_missing_layer_says_how_to_come_by_one(tmp_path: Path) -> None:
    with pytest.raises(
        BundleError, match=r"build/layer\.zip, and .* make build.* or give defaults.layer_arn"
    ):
        layer(tmp_path)


def test_a_layer_is_a_file_that_no_installer_compiles_anything_in(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "layer.zip").touch()
    assert layer(tmp_path).path == str(tmp_path / "build" / "layer.zip")


def test_an_archive_is_made_of_the_handlers_of_the_folder_that_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, {GET: "from . import store", "handlers/links/store.py": ""})
    assets = archive("links.get", root=root).assets
    assert {name: getattr(asset, "path", None) for name, asset in assets.items()} == {
        name: str(root / name)
        for name in (
            "handlers/__init__.py",
            "handlers/links/__init__.py",
            "handlers/links/get.py",
            "handlers/links/store.py",
        )
    }
