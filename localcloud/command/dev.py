"""`realtime dev`: any program of a RealtimeApi on this machine, redeployed whenever a file changes.

A redeployment changes only the differences. An open WebSocket stays open when a function's code
changes, and ends when its API is replaced.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pulumi
from rich.console import Console
from rich.markup import escape
from watchfiles import Change as FileChange
from watchfiles import DefaultFilter, watch

from .. import Deployment, State, deploy, server
from ..lifecycle import CannotChange
from .apis import FUNCTION, Api, allowing, found
from .logs import Follower
from .project import Project
from .stack import LOCAL_ROOT, Stack, announced


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: Path
    stack: str
    origins: Sequence[str]
    """That may connect besides those of the program and of this machine."""
    once: bool
    command: Sequence[str]
    """Run once everything is deployed, where `once` is true."""


@dataclass(kw_only=True)
class Session:
    """One program on one local cloud."""

    console: Console
    endpoint: str
    project: Project
    origins: Sequence[str]
    state: State = field(default_factory=State)

    def deploy(self) -> Deployment | None:
        """None where the program or a resource failed: the console says why, and all stays as it
        was."""
        try:
            config = self.project.config()
            with self.console.status("Deploying") as status:
                return deploy(
                    self.project.run,
                    endpoint=self.endpoint,
                    stack=config,
                    progress=lambda _type, name, _seconds: status.update(f"Deploying {name}"),
                    state=self.state,
                    adjust=partial(allowing, self.origins),
                )
        except pulumi.RunError as error:
            self.console.print(f"[bold red]Failed:[/] {escape(str(error))}")
            if isinstance(error.__cause__, CannotChange):
                self.console.print("Start `realtime dev` again to deploy it from nothing.")
        except Exception:  # noqa: BLE001 - the program is another team's, and may raise anything
            self.console.print_exception(suppress=[pulumi], max_frames=6)
        return None

    def stack(self, deployment: Deployment) -> Stack:
        config = self.project.config()
        apis = found(deployment, self.state)
        return Stack(self.project.stack, config.region, deployment.exports, self.endpoint, apis)

    def log_groups(self) -> Mapping[str, str]:
        """Each function's name in the program, to its log group."""
        groups: dict[str, str] = {}
        for name, function in self.state.of(FUNCTION).items():
            configured: Mapping[str, str] = function.inputs.get("loggingConfig") or {}
            group = configured.get("logGroup") or f"/aws/lambda/{function.id}"
            groups[name.removesuffix("-function")] = group
        return groups


def run(console: Console, options: Options) -> int:
    """Returns the exit code: with `once` the command's own, and 1 where the deployment failed."""
    project = Project(options.folder.resolve(), options.stack)
    project.enter()
    try:
        with ExitStack() as running:
            session = Session(
                console=console,
                endpoint=running.enter_context(server()),
                project=project,
                origins=options.origins,
            )
            deployment = session.deploy()
            if options.once:
                return _once(session, deployment, options.command)
            _stay(running, session, deployment)
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left behind.")
    return 0


def _once(session: Session, deployment: Deployment | None, command: Sequence[str]) -> int:
    if deployment is None:
        return 1
    stack = session.stack(deployment)
    session.console.print(summary(deployment, stack.apis), soft_wrap=True)
    if not command:
        return 0
    with announced(stack):
        done = subprocess.run(  # noqa: S603 - the command is the caller's
            command,
            env={**os.environ, **environment(stack)},  # noqa: TID251 - no function runs this
            check=False,
        )
    return done.returncode


def environment(stack: Stack) -> Mapping[str, str]:
    """Variables by which a test reaches the stack, and the AWS SDKs reach the local cloud."""
    variables = {
        "AWS_ACCESS_KEY_ID": LOCAL_ROOT,
        "AWS_SECRET_ACCESS_KEY": LOCAL_ROOT,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_REGION": stack.region,
        "AWS_ENDPOINT_URL": stack.endpoint_url or "",
        "REALTIME_OUTPUTS": json.dumps(dict(stack.outputs)),
    }
    for api in stack.apis[:1]:
        variables["REALTIME_ENDPOINT"] = api.endpoint
        variables["REALTIME_PUBLISH_QUEUE_URL"] = api.publish_queue_url
    return variables


def _stay(running: ExitStack, session: Session, deployment: Deployment | None) -> None:
    logs: Any = boto3.Session(LOCAL_ROOT, LOCAL_ROOT).client(
        "logs", region_name=session.project.config().region, endpoint_url=session.endpoint
    )
    follower = Follower(session.console, logs)
    running.callback(follower.close)
    announcement = running.enter_context(ExitStack())
    if deployment:
        stack = session.stack(deployment)
        session.console.print(summary(deployment, stack.apis), soft_wrap=True)
        announcement.enter_context(announced(stack))
        follower.follow(session.log_groups())
    session.console.print(f"Watching {session.project.folder}; Ctrl-C stops everything.\n")
    for changes in watch(session.project.folder, watch_filter=_is_of_the_program):
        session.console.print(f"[dim]{escape(_named(changes, session.project.folder))}[/]")
        deployment = session.deploy()
        if deployment is None:
            continue
        session.console.print(changed(session.state, deployment.seconds))
        announcement.close()
        announcement.enter_context(announced(session.stack(deployment)))
        follower.follow(session.log_groups())


def _is_of_the_program(change: FileChange, path: str) -> bool:
    """Not environments, caches, editors' swap files and a checkout's build."""
    return _usual(change, path) and f"{os.sep}build{os.sep}" not in path


_usual = DefaultFilter(ignore_paths=[sys.prefix])


def _named(changes: set[tuple[FileChange, str]], folder: Path) -> str:
    names = sorted(os.path.relpath(path, folder) for _, path in changes)
    return f"Changed: {', '.join(names)}"


def changed(state: State, seconds: float) -> str:
    """The latest deployment in a line, with the names of at most five resources."""
    if not state.changes:
        return f"Nothing to deploy ({seconds:.1f} s)"
    verbs = Counter(change.verb for change in state.changes)
    counts = ", ".join(f"{count} {verb}" for verb, count in sorted(verbs.items()))
    names = [change.name for change in state.changes[:5]]
    more = ", …" if len(state.changes) > len(names) else ""
    return f"Deployed in {seconds:.1f} s: {counts} ({', '.join(names)}{more})"


def summary(deployment: Deployment, apis: Sequence[Api]) -> str:
    """The addresses, and the lines to paste that connect and publish."""
    lines = [f"Deployed {deployment.resources} resources in {deployment.seconds:.1f} s\n"]
    for api in apis:
        lines += _api(api)
    if not apis:
        lines.append("The program has no RealtimeApi: nothing to connect to.\n")
    return "\n".join(lines)


def _api(api: Api) -> list[str]:
    public = [rule for rule in api.rules if rule.access == "public"]
    channel = (public or api.rules)[0].example
    address = f"{api.endpoint}?channel={channel}"
    origins = ", ".join(api.allowed_origins) or "every origin"
    return [
        f"[bold]{api.name}[/]",
        f"  endpoint       {api.endpoint}",
        f"  publish queue  {api.publish_queue_url}",
        f"  channels       {escape(api.describe_rules())}",
        f"  origins        {escape(origins)}",
        "",
        "Watch and publish, each in another terminal:",
        "",
        f"  realtime watch {channel}",
        f"""  realtime publish {channel} '{{"hello": "world"}}'""",
        "",
        "Or with any WebSocket client, and in a page:",
        "",
        f"  npx wscat --connect '{address}'",
        "",
        f'  const socket = new WebSocket("{address}");',
        "  socket.onmessage = (message) => console.log(JSON.parse(message.data));",
        "  socket.onclose = ({ code }) => console.log(`closed: ${code}`);",
        "",
    ]
