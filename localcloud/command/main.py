"""The commands for any program, as one Typer application.

Exit codes: 0 done, 1 the stack failed, 2 nothing was tried. `dev --once` ends with the exit
code of the command after `--`.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import StackFileError
from . import dev as developing
from . import publish as publishing
from . import watch as watching
from .stack import StackError, find

commands = typer.Typer()
app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

StackName = Annotated[
    str | None,
    typer.Option("--stack", help="Stack of Pulumi's; without it, the local cloud that runs here."),
]
Project = Annotated[
    Path | None,
    typer.Option("--project", help="Folder of the stack's Pulumi.yaml; by default this one."),
]
Channel = Annotated[str, typer.Argument(help="Channel, as in link:first.")]


@commands.command()
def dev(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a Pulumi program.", exists=True, file_okay=False)
    ],
    command: Annotated[
        list[str] | None, typer.Argument(help="After --: a command to run with --once.")
    ] = None,
    *,
    stack: Annotated[str, typer.Option(help="Stack whose configuration is used.")] = "dev",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A further origin whose pages may connect; may be repeated."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End after the deployment, or after the command.")
    ] = False,
) -> None:
    """Deploys the program on a local cloud, and again whenever a file changes.

    realtime dev .

    realtime dev . --once -- pytest tests
    """
    if command and not once:
        raise failed("a command after -- is run with --once only", code=2)
    options = developing.Options(
        folder=folder,
        stack=stack,
        origins=origin or (),
        once=once,
        command=command or (),
    )
    with refusals():
        raise typer.Exit(developing.run(console, options))


@commands.command()
def publish(  # noqa: PLR0913 - an option each
    channel: Channel,
    value: Annotated[str, typer.Argument(help="A JSON object.")],
    *,
    message_id: Annotated[
        str | None, typer.Option("--id", help="The same id publishes nothing twice.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Orders a `latest` channel; by default the time.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Publisher; by default the first that the rule lists.")
    ] = None,
    stack: StackName = None,
    project: Project = None,
) -> None:
    """Publishes a value, and prints the outcome.

    realtime publish link:first '{"hello": "world"}'
    """
    with refusals():
        message = publishing.Message(
            channel=channel,
            value=publishing.value_of(value),
            id=message_id,
            version=version,
            source=source,
        )
        console.print(publishing.publish(find(stack, project), message), markup=False)


@commands.command()
def watch(
    channel: Channel,
    *,
    token: Annotated[
        str | None, typer.Option(help="JSON Web Token, for a channel of an `owner` rule.")
    ] = None,
    stack: StackName = None,
    project: Project = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: JSON on standard output.")
    ] = False,
) -> None:
    """Prints each new value of a channel, until Ctrl-C.

    realtime watch link:first
    """
    with refusals():
        api = find(stack, project).api(channel)
        watcher = watching.Watch(
            api.endpoint,
            channel,
            token=token,
            report=lambda sentence: errors.print(f"[dim]{sentence}[/]"),
            known_rules=api.describe_rules(),
        )
        asyncio.run(watching.show(console, watcher, as_json=as_json))


@app.callback()
def realtime() -> None:
    """Server push on AWS: develop a program on this machine, publish to it, watch it."""


app.add_typer(commands)


@contextmanager
def refusals() -> Generator[None]:
    """Prints a refusal as one sentence instead of a stack trace."""
    try:
        yield
    except (StackError, StackFileError) as error:
        raise failed(str(error), code=2) from error
    except (watching.WatchError, publishing.Rejected) as error:
        raise failed(str(error), code=1) from error


def failed(sentence: str, *, code: int) -> typer.Exit:
    errors.print("[bold red]Failed:[/]", end=" ")
    errors.print(sentence, markup=False)
    return typer.Exit(code)
