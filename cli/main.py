"""The command's entry: one Typer application, a subcommand a module."""

from typing import Annotated

import typer
from rich.console import Console

from localcloud.command import main as command

from . import configuration, cost, operate, quotas
from . import demo as demo_command

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.add_typer(command.commands)
app.add_typer(operate.app)
app.add_typer(quotas.app)
app.add_typer(cost.app)
app.add_typer(configuration.app)


@app.callback()
def realtime() -> None:
    """Server push on AWS: run it, watch it, look after it."""


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the transcript.")] = False,
    traffic: Annotated[bool, typer.Option("--traffic", help="Send simulated clicks.")] = False,
) -> None:
    """Click to screen on this machine: deploy on the local cloud, click, see each number arrive."""
    console = Console(highlight=False, soft_wrap=True)
    raise typer.Exit(demo_command.run(console, once=once, traffic=traffic))
