"""The graphs that the linters read, with what AWS makes up in the form in which AWS makes it up."""

import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from pulumi.runtime import mocks

from examples.orders.tests.program import ROOT as ORDERS
from localcloud import stack_config
from tests.infra.configured import changed
from tests.infra.harness import ACCOUNT, ROOT, Cloud, Deployment, deploy

from .resource_types import ROWS

HOME = "eu-central-1"
AWAY = "ap-southeast-5"
"""A region with as long a name as any: names of roles, which are global, have it in them."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    deployment: Deployment
    region: str
    outputs: Mapping[str, Mapping[str, Any]]
    """What each resource offers, by its `key`."""


def key(type_: str, name: str) -> str:
    return f"{type_}::{name}"


@dataclass
class Aws(Cloud):
    region: str
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def __post_init__(self) -> None:
        super().__init__(preview=False)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        id_, outputs = super().new_resource(args)
        if args.custom:
            region = outputs.get("region", self.region)
            scope = {"name": args.name, "region": region, "account": ACCOUNT, "inputs": outputs}
            for name, made in _filled(ROWS[args.typ].outputs, scope).items():
                both = isinstance(made, dict) and name in outputs
                outputs[name] = {**outputs[name], **made} if both else made
            id_ = outputs.pop("id", id_)
            self.outputs[key(args.typ, args.name)] = outputs
        return id_, outputs


def _filled(template: Any, scope: Mapping[str, Any]) -> Any:
    """Of a text, or of what holds texts."""
    if isinstance(template, str):
        return template.format_map(scope)
    if isinstance(template, list):
        return [_filled(item, scope) for item in cast("list[Any]", template)]
    return {name: _filled(item, scope) for name, item in template.items()}


def _graph(program: Callable[[], object], stack: str, config: Mapping[str, str]) -> Graph:
    cloud = Aws(config["aws:region"])
    deployment = deploy(program, stack=stack, config=config, cloud=cloud)
    return Graph(deployment=deployment, region=cloud.region, outputs=cloud.outputs)


def _platform() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def _orders() -> None:
    runpy.run_path(str(ORDERS), run_name="__main__")


def everything() -> dict[str, str]:
    """Configuration of prod with all that can be switched on, in two regions; one has the page."""
    plan = json.loads(stack_config(ROOT, "prod").values["realtime:regions"])[HOME]
    plans = {region: _with_names(plan, region) for region in (HOME, AWAY)}
    plans[HOME]["dashboard"] = {
        "domainName": "links.example.com",
        "certificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0123",
    }
    return changed(
        "prod",
        tracing="true",
        customerKey=json.dumps({"accountId": ACCOUNT}),
        regions=json.dumps(plans),
    )


def _with_names(plan: Mapping[str, Any], region: str) -> dict[str, Any]:
    return {
        **plan,
        "domains": {
            "hostedZoneId": "Z0123456789ABCDEFGHIJ",
            "webSocket": f"live.{region}.example.com",
            "http": f"go.{region}.example.com",
        },
        "raised": {
            "lambdaConcurrency": {"value": 2000, "granted": True},
            "apiRequestsPerSecond": {"value": 20_000, "granted": True},
        },
    }


NAMES = ("dev", "prod", "everything", "orders")


@cache
def graph(name: str) -> Graph:
    match name:
        case "everything":
            return _graph(_platform, "prod", everything())
        case "orders":
            return _graph(_orders, "prod", stack_config(ORDERS, "prod").values)
        case _:
            return _graph(_platform, name, stack_config(ROOT, name).values)
