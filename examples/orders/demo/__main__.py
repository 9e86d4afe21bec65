"""`python -m examples.orders.demo`: exit code 0 only if every scene went right."""

from typing import Annotated

import typer
from rich.console import Console

from .run import run


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the transcript.")] = False,
) -> None:
    """Two customers order; each sees the status of their own order, and of no other."""
    raise typer.Exit(run(Console(highlight=False, soft_wrap=True), once=once))


if __name__ == "__main__":
    typer.run(demo)
