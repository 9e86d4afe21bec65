"""What was promised: schema, resources of each release, tables of the docs, the deploying role.

Tests compare with it. Run as a program it records what is offered now: a decision, never the repair
of a test.
"""

import json
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.component import ComponentProvider

from components import ChannelRule, FunctionDefaults, RealtimeApi, RealtimeApiArgs, TokenArgs
from components.provider.host import NAME, Provider, components
from components.version import VERSION
from tests.infra.contract_tables import filled, tables
from tests.infra.harness import ROOT, Deployment, deploy, deploy_stack
from tests.infra.release_graph import graph
from tests.static import deploying_role

SCHEMA = ROOT / "tests" / "infra" / "schema.json"
PAGE = ROOT / "docs" / "consuming.md"
RELEASES = ROOT / "tests" / "infra" / "releases"


def everything() -> None:
    """A consumer's RealtimeApi with each part that can be asked for."""
    args = RealtimeApiArgs(
        stage_name="dev",
        channels=[ChannelRule(pattern="user:{sub}", access="owner", delivery="every")],
        throttling_rate_limit=10,
        defaults=FunctionDefaults(log_retention_days=7),
        tokens=TokenArgs(issuer="https://issuer.example", audiences=["web"]),
        ticket_api=True,
    )
    RealtimeApi("realtime", args)


def deployments() -> dict[str, Deployment]:
    """What an upgrade is judged by: a consumer's program, and this project's own."""
    return {"consumer": deploy(everything), "prod": deploy_stack("prod")}


def schema_text() -> str:
    return text(json.loads(str(Provider().schema)))


def page(everything_deployed: Deployment) -> str:
    """The page's tables have Python's names, and so has the schema as Pulumi infers it."""
    inferred = json.loads(str(ComponentProvider(components(), NAME).schema))
    return filled(PAGE.read_text(), tables(inferred, everything_deployed))


def text(data: Any) -> str:
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def _record(path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    changed = not path.is_file() or path.read_text() != content
    path.write_text(content)
    print(f"{'changed' if changed else 'as before'}: {path.relative_to(ROOT)}")  # noqa: T201 - a program's answer


if __name__ == "__main__":
    _record(SCHEMA, schema_text())
    deployed = deployments()
    _record(PAGE, page(deployed["consumer"]))
    graphs = {name: graph(deployment) for name, deployment in deployed.items()}
    _record(RELEASES / f"{VERSION}.json", text(graphs))
    for path, document in deploying_role.documents().items():
        _record(path, text(document))
