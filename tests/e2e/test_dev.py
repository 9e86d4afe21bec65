"""`realtime dev` on the first program of docs/consuming.md, with a function beside it."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import websockets

from localcloud.command.stack import RUNNING_VARIABLE, Stack, find
from tests.e2e.conftest import ROOT

PAGE = (ROOT / "docs" / "consuming.md").read_text()
FIRST = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
PROGRAM = f"""{FIRST}
from pathlib import Path
from realtime_platform.components import Function, FunctionArgs, FunctionDefaults

greet = Function(
    "greet",
    FunctionArgs(
        module="shop.greet",
        handlers_path=str(Path(__file__).parent),
        environment={{"PUBLISH_QUEUE_URL": realtime.publish_queue_url}},
        policies={{"send": realtime.send_policy}},
        defaults=FunctionDefaults(log_retention_days=30, layer_arn=realtime.layer_arn),
        timeout_seconds=10,
        memory_mb=256,
    ),
)
pulumi.export("greet", greet.name)
"""
HANDLER = """
import json, os
import boto3

sqs = boto3.client("sqs")


def handler(event, context):
    version = event["version"]
    value = {"says": "hello"}
    body = {"channel": "link:a", "value": value, "version": version, "source": "me"}
    sqs.send_message(
        QueueUrl=os.environ["PUBLISH_QUEUE_URL"],
        MessageBody=json.dumps(body),
        MessageGroupId="link:a",
        MessageDeduplicationId=str(version),
    )
"""
SECONDS = 120


@dataclass
class Terminal:
    """The process of a command, and the lines that it has printed."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list[str])

    async def until(self, text: str) -> str:
        """The next line with this text."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line)
                if text in line:
                    return line
        raise AssertionError(f"it ended without {text!r}:\n{''.join(self.lines)}")


@asynccontextmanager
async def typed(*arguments: str | Path) -> AsyncGenerator[Terminal]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *map(str, arguments)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def published(*arguments: str) -> tuple[str, int]:
    async with typed("publish", "link:a", '{"says": "typed"}', *arguments) as terminal:
        said, _ = await asyncio.wait_for(terminal.process.communicate(), SECONDS)
        return said.decode(), terminal.process.returncode or 0


@dataclass(frozen=True)
class Session:
    """What a developer saw, in order."""

    before: dict[str, Any]
    saved: str
    after: dict[str, Any]
    """On the socket of before."""
    broken: str
    typed: tuple[str, int]
    rejected: tuple[str, int]
    logged: str
    watched: str
    exit_code: int
    files: list[Path]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder, running = tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("running")
    (folder / "__main__.py").write_text(PROGRAM)
    for file in ("handlers/__init__.py", "handlers/shop/__init__.py"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("")
    (folder / "handlers/shop/greet.py").write_text(HANDLER)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(RUNNING_VARIABLE, str(running))
        return asyncio.run(develop(folder, running))


async def develop(folder: Path, running: Path) -> Session:
    handler = folder / "handlers" / "shop" / "greet.py"
    async with typed("dev", folder, "--origin", "https://pages.example") as terminal:
        await terminal.until("Watching")
        stack = find(None)
        address = f"{stack.api('link:a').endpoint}?channel=link:a"
        async with websockets.connect(address) as socket:
            await invoke(stack, version=1)
            before = await frame(socket)
            handler.write_text(HANDLER.replace("hello", "good evening"))
            saved = await terminal.until("updated")
            await invoke(stack, version=2)
            after = await frame(socket)
        (folder / "__main__.py").write_text(PROGRAM.replace("memory_mb=256", "memory_mb=1"))
        broken = await terminal.until("memory_mb must be")
        sent = await published()
        rejected = await published("--source", "somebody")
        logged = await terminal.until("forbidden_source")
        async with typed("watch", "link:a") as watching:
            watched = await watching.until("version")
        terminal.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(terminal.process.wait(), SECONDS)
        return Session(
            before=before,
            saved=saved,
            after=after,
            broken=broken,
            typed=sent,
            rejected=rejected,
            logged=logged,
            watched=watched,
            exit_code=terminal.process.returncode or 0,
            files=list(running.iterdir()),
        )


async def invoke(stack: Stack, *, version: int) -> None:
    client: Any = boto3.Session("test", "test").client(
        "lambda", region_name=stack.region, endpoint_url=stack.endpoint_url
    )
    answer = await asyncio.to_thread(
        client.invoke,
        FunctionName=stack.output("greet"),
        Payload=json.dumps({"version": version}),
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    client.close()


async def frame(socket: websockets.ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), SECONDS))


def test_a_saved_handler_shows_new_behaviour_on_the_socket_that_was_open(session: Session) -> None:
    assert session.before["says"] == "hello"
    assert "1 updated (greet-function)" in session.saved
    assert session.after["says"] == "good evening"


def test_a_program_that_is_refused_is_told_and_what_runs_stays(session: Session) -> None:
    assert "memory_mb must be 128 to 10240, got 1" in session.broken
    assert session.typed == ("Published to link:a.\n", 0)


def test_a_rejected_value_is_told_its_reason_by_the_command_and_in_the_log(
    session: Session,
) -> None:
    said, code = session.rejected
    assert code == 1
    assert "forbidden_source" in said
    assert "must list the source" in said
    assert "must list the source" in session.logged


def test_a_watcher_is_shown_the_newest_value(session: Session) -> None:
    assert '{"says": "typed"}' in session.watched
    assert "snapshot" in session.watched


def test_an_interrupted_session_leaves_no_process_and_no_file(session: Session) -> None:
    assert session.exit_code == 0
    assert session.files == []
