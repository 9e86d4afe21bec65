"""Deploys a Pulumi program on the local cloud: each resource it declares is created there by boto3.

Pulumi declares independent resources in parallel, from a pool of threads: everything here that a
resource touches is shared between them.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import boto3
import pulumi
from botocore.config import Config
from pulumi.runtime import mocks

from .recipes import RECIPES
from .recipes.recipe import ACCOUNT, Accepted, Created, Inputs, Recipe
from .requests import to_request
from .runner import Program, plain, run_program
from .stackfile import StackConfig

PROVIDER = "pulumi:providers:aws"
ONLY_PULUMIS = frozenset({"namePrefix", "region", "tagsAll"})
"""Inputs of every resource that are the provider's business, not the API's."""

Progress = Callable[[str, str, float], None]
"""Called with type, name and seconds of each resource made; from several threads at once."""


def _silent(_type: str, _name: str, _seconds: float) -> None:
    pass


class DeployError(pulumi.RunError):
    """A resource could not be made; says which and why. What was made before it stays."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A program that has been deployed."""

    exports: Mapping[str, Any]
    """Plain data; numbers are floats."""
    resources: int
    seconds: float


def deploy(
    program: Program,
    *,
    endpoint: str,
    stack: StackConfig,
    progress: Progress = _silent,
) -> Deployment:
    """Creates all of the program's resources. There is no state: each call creates them anew."""
    started = time.perf_counter()
    with closing(LocalCloud(endpoint, stack, progress)) as cloud:
        exports = run_program(
            program,
            project=stack.project,
            stack=stack.stack,
            monitor=mocks.MockMonitor(cloud),
            config=stack.values,
            secrets=sorted(stack.secrets),
        )
    return Deployment(
        exports=exports, resources=cloud.created, seconds=time.perf_counter() - started
    )


class LocalCloud(mocks.Mocks):
    """What Pulumi asks for in place of its engine: look-ups and resources."""

    def __init__(self, endpoint: str, stack: StackConfig, progress: Progress) -> None:
        self.created = 0
        self._endpoint, self._stack, self._progress = endpoint, stack, progress
        self._session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106 - the emulator's root
        self._clients: dict[tuple[str, str], Any] = {}
        self._provider_regions: dict[str, str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def call(self, args: mocks.MockCallArgs) -> Any:  # a tuple, as declared, fails in Pulumi 3.272
        match args.token:
            case "aws:index/getRegion:getRegion":
                region: str = cast("Any", args).args.get("region") or self._stack.region
                return {"id": region, "name": region, "region": region}
            case "aws:index/getCallerIdentity:getCallerIdentity":
                root = f"arn:aws:iam::{ACCOUNT}:root"
                return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": root, "userId": ACCOUNT}
            case "aws:index/getPartition:getPartition":
                return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"}
            case token:
                raise DeployError(
                    f"the local cloud has no look-up {token}; "
                    "it has getCallerIdentity, getPartition and getRegion"
                )

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Inputs]:
        if args.resource_id:
            raise DeployError(
                f"{args.typ} {args.name!r} is to be read as {args.resource_id!r}, "
                "and the local cloud holds only what the program itself makes"
            )
        inputs: Inputs = plain(cast("Any", args).inputs)
        if not args.custom:
            return None, inputs
        if args.typ == PROVIDER:
            self._provider_regions[args.name] = inputs.get("region", self._stack.region)
            return args.name, inputs
        started = time.perf_counter()
        try:
            made = self._make(args, inputs)
        except Exception as error:
            raise DeployError(
                f"{args.typ} {args.name!r} could not be made: {type(error).__name__}: {error}"
            ) from error
        with self._lock:
            self.created += 1
        self._progress(args.typ, args.name, time.perf_counter() - started)
        return made

    def _make(self, args: mocks.MockResourceArgs, inputs: Inputs) -> tuple[str, Inputs]:
        region = self._region(args, inputs)
        match RECIPES.get(args.typ):
            case None:
                known = ", ".join(sorted(RECIPES))
                raise LookupError(f"localcloud/recipes has no row for the type; it has {known}")
            case Accepted() as accepted:
                scope = {"name": args.name, "region": region, "account": ACCOUNT}
                return args.name, inputs | _filled(accepted.outputs, scope)
            case Recipe() as recipe:
                if recipe.name and not inputs.get(recipe.name):
                    prefix = inputs.get("namePrefix", f"{args.name}-")
                    inputs[recipe.name] = f"{prefix}{self._suffix(args.name)}"
                return self._create(recipe, inputs, region)

    def _region(self, args: mocks.MockResourceArgs, inputs: Mapping[str, Any]) -> str:
        """The resource's own region, its provider's, or the stack's; in this order."""
        if own := inputs.get("region"):
            return own
        urn, _, _ = (args.provider or "").rpartition("::")  # of `urn::id`
        return self._provider_regions.get(urn.rpartition("::")[2], self._stack.region)

    def _create(self, recipe: Recipe, inputs: Inputs, region: str) -> tuple[str, Inputs]:
        client = self._client(recipe.service, region)
        wanted = {k: v for k, v in inputs.items() if k not in recipe.ignore | ONLY_PULUMIS}
        shape = client.meta.service_model.operation_model(recipe.operation).input_shape
        request = to_request(shape, recipe.prepare(wanted), recipe.rename)
        methods = {operation: name for name, operation in client.meta.method_to_api_mapping.items()}
        response = getattr(client, methods[recipe.operation])(**request)
        scope = {"request": request, "response": response, "region": region, "account": ACCOUNT}
        created = Created(
            id=recipe.id.format_map(scope),
            endpoint=self._endpoint,
            region=region,
            inputs=inputs,
            request=request,
        )
        outputs = inputs | _filled(recipe.outputs, scope)
        for further in recipe.after:
            outputs |= further(client, created)
        return created.id, outputs

    def _client(self, service: str, region: str) -> Any:
        """Clients may be shared between threads; a session that makes them may not."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint,
                    config=Config(retries={"total_max_attempts": 1}),
                )
            return self._clients[service, region]

    def _suffix(self, name: str) -> str:
        """Of a physical name: distinct between the stacks of one cloud, and the same each time."""
        owner = f"{self._stack.project}/{self._stack.stack}/{name}"
        return hashlib.sha256(owner.encode()).hexdigest()[:7]


def _filled(templates: Mapping[str, str], scope: Mapping[str, Any]) -> dict[str, str]:
    return {output: template.format_map(scope) for output, template in templates.items()}
