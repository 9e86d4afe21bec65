import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CI = (ROOT / ".ci" / "run").read_text()
DOCUMENTS = [
    *sorted(ROOT.glob("*.md"), key=str),
    *sorted((ROOT / "docs").rglob("*.md"), key=str),
]
WITH_COMMANDS = [
    *DOCUMENTS,
    ROOT / "dashboard" / "client" / "README.md",
    ROOT / "examples" / "orders" / "README.md",
]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r" {4}((?:make|pulumi|python3?|pip|aws|git|cd|node|npx|unzip|(?:\./)?realtime|\S+/bin/\S+)"
    r"(?: .+|$))"
)


@dataclass(frozen=True)
class Block:
    """Commands of a page, and the paragraph above them."""

    above: str
    commands: list[str]

    @property
    def run_by(self) -> Path | None:
        """The test that the page names, in a comment that no reader sees."""
        named = re.search(r"<!-- run by (\S+) -->", self.above)
        return ROOT / named[1] if named else None

    @property
    def not_run(self) -> list[str]:
        return [
            command
            for command in self.commands
            if not re.search(rf"^{re.escape(command)}( ONCE=1)?$", CI, re.MULTILINE)
        ]

    @property
    def says_so(self) -> bool:
        return "not run by ci" in " ".join(self.above.lower().split())


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    above = ""
    for paragraph in FENCED.sub(_indented, page.read_text()).split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        commands = [m[1] for line in lines if (m := COMMAND.match(line))]
        if commands:
            found.append(Block(above, commands))
        above = paragraph
    return found


def _indented(fence: re.Match[str]) -> str:
    """A block of commands as an indented one; nothing in place of a block in another language."""
    shown = fence[2] if fence[1] in ("", "sh") else ""
    return "\n" + "".join(f"    {line}\n" for line in shown.splitlines() if line)


def test_the_pages_hold_commands() -> None:
    pages = {path.name for path in WITH_COMMANDS if blocks(path)}
    assert {"README.md", "operations.md", "consuming.md"} <= pages


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_on_a_page_is_run_by_ci_or_said_not_to_be(path: Path) -> None:
    for block in blocks(path):
        if block.run_by:
            assert str(path.relative_to(ROOT)) in block.run_by.read_text(), block.commands
            assert not block.says_so, block.commands
        else:
            assert bool(block.not_run) == block.says_so, block.not_run or block.commands


def test_the_readme_opens_with_the_two_commands() -> None:
    assert blocks(ROOT / "README.md")[0].commands == ["make demo", "make test"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_to_a_file_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text())
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing


def test_troubleshooting_has_a_row_for_each_reason_of_the_authorizer() -> None:
    functions = ROOT / "handlers" / "realtime"
    code = (functions / "functions" / "authorize.py").read_text()
    code += (functions / "identity" / "credentials.py").read_text()
    reasons = set(re.findall(r"raise Re(?:fused|jected)\(\"(\w+)\"", code))
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    section = page.partition("## The handshake gets 403")[2].partition("\n## ")[0]
    assert reasons
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == reasons


def test_the_index_of_decisions_has_each_page_under_its_title() -> None:
    folder = ROOT / "docs" / "adr"
    pages = sorted(folder.glob("0*.md"), key=str)
    titles = [page.read_text().partition("\n")[0].removeprefix("# ") for page in pages]
    rows = [
        f"| {page.name[:4]} | [{title}]({page.name}) |"
        for page, title in zip(pages, titles, strict=True)
    ]
    assert re.findall(r"^\| \d.*", (folder / "index.md").read_text(), re.MULTILINE) == rows


def anchors(page: Path) -> set[str]:
    """Of the page's headings, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#+ (.*)", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_to_a_section_leads_to_its_heading(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", path.read_text())
    wrong = [
        f"{target}#{section}"
        for target, section in links
        if section not in anchors(path.parent / target if target else path)
    ]
    assert not wrong


def test_every_target_of_the_makefile_that_ci_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", CI, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
