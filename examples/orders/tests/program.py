"""The shop's program with both stacks' real configuration and no cloud behind it."""

import runpy
from pathlib import Path

from localcloud import stack_config
from tests.infra.harness import Deployment, deploy

ROOT = Path(__file__).parents[1]
HANDLERS = sorted(
    ".".join(path.relative_to(ROOT / "handlers").with_suffix("").parts)
    for path in (ROOT / "handlers").rglob("*.py")
    if "\ndef handler(" in path.read_text()
)


def deploy_orders(stack: str, *, preview: bool = False) -> Deployment:
    return deploy(
        lambda: runpy.run_path(str(ROOT), run_name="__main__"),
        stack=stack,
        config=stack_config(ROOT, stack).values,
        preview=preview,
    )
