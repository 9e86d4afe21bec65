import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CI = (ROOT / ".ci" / "run").read_text()
DOCUMENTS = [
    *sorted(ROOT.glob("*.md"), key=str),
    *sorted((ROOT / "docs").rglob("*.md"), key=str),
]
NEEDS_AN_ACCOUNT = "pulumi "


def commands(text: str) -> list[str]:
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [
        line
        for block in blocks
        for line in block.splitlines()
        if re.match(r"(make|pulumi|python3?|\./realtime|\.venv/bin/\S+) ", line)
    ]


def test_ci_runs_every_command_of_the_readme_that_needs_no_account() -> None:
    found = commands((ROOT / "README.md").read_text())
    assert {"make demo", "make test"} <= set(found)
    missing = [
        command
        for command in found
        if not command.startswith(NEEDS_AN_ACCOUNT)
        and not re.search(rf"^{re.escape(command)}( ONCE=1)?$", CI, re.MULTILINE)
    ]
    assert not missing


def test_the_readme_opens_with_the_two_commands() -> None:
    assert commands((ROOT / "README.md").read_text())[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_to_a_file_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text())
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing


def test_every_target_of_the_makefile_that_ci_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", CI, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
