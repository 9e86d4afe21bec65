"""The shop's two services: each a table, and the one function that writes to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
from realtime_platform.components import (
    Function,
    FunctionArgs,
    FunctionDefaults,
    Table,
    TableArgs,
)

from . import policies

HANDLERS_PATH = str(Path(__file__).parents[1])
TIMEOUT_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceArgs:
    module: str
    """Module under `handlers/`; the variable that names its table follows from it."""

    table_variable: str
    """Variable by which the function knows its table."""

    sort_key: bool
    """Whether a row's key has two parts."""

    environment: Mapping[str, pulumi.Input[str]]
    """The function's other variables."""

    defaults: FunctionDefaults
    """Layer and logs."""

    protect_data: bool
    """Refuse to delete or replace the table, and back it up continuously."""


class Service(pulumi.ComponentResource):
    """A function that the saga calls, and the table that it alone writes to."""

    function_arn: pulumi.Output[str]
    """ARN of the function."""
    table_name: pulumi.Output[str]
    """Physical name of the table."""
    table_arn: pulumi.Output[str]
    """ARN of the table."""

    def __init__(
        self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("orders:index:Service", name, None, opts)
        rows = TableArgs(sort_key=args.sort_key, protect_data=args.protect_data)
        table = Table(f"{name}-rows", rows, pulumi.ResourceOptions(parent=self))
        actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        function = Function(
            f"{name}-service",
            FunctionArgs(
                module=args.module,
                handlers_path=HANDLERS_PATH,
                environment={args.table_variable: table.name, **args.environment},
                policies={"table": policies.document(policies.allow(actions, table.arn))},
                defaults=args.defaults,
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=256,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.function_arn = function.arn
        self.table_name, self.table_arn = table.name, table.arn
        self.register_outputs({key: getattr(self, key) for key in Service.__annotations__})
