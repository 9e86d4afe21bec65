"""The shop's HTTP API, behind the tokens of its own customers: orders, and tickets to connect with.

The ticket function is the platform's. The team chooses the API that routes to it, and gives the
API the permission to call it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from realtime_platform.components import (
    Function,
    FunctionArgs,
    FunctionDefaults,
    HttpApi,
    HttpApiArgs,
    InvokedFunction,
    Table,
)

from . import policies
from .services import HANDLERS_PATH

ORDER_ROUTES = ("POST /orders", "GET /orders/{order_id}")
TICKET_ROUTES = ("POST /tickets",)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrdersApiArgs:
    orders_table: Table
    """Table that orders are placed in."""

    stock_table_name: pulumi.Input[str]
    """Table with the price of each item."""

    stock_table_arn: pulumi.Input[str]
    """ARN of that table."""

    state_machine_arn: pulumi.Input[str]
    """The saga, which decides an order."""

    ticket_function_name: pulumi.Input[str]
    """`RealtimeApi.ticket_function_name`."""

    ticket_invoke_arn: pulumi.Input[str]
    """`RealtimeApi.ticket_invoke_arn`."""

    issuer: pulumi.Input[str]
    """Issuer of the customers' tokens."""

    audience: pulumi.Input[str]
    """Audience of these tokens."""

    allowed_origins: Sequence[str]
    """Web origins whose pages may call the API."""

    throttling_rate_limit: int
    """Requests a second, over all customers."""

    defaults: FunctionDefaults
    """Layer and logs."""

    protect_data: bool
    """Refuse to delete or replace the API, whose address its clients know."""


class OrdersApi(pulumi.ComponentResource):
    """Takes orders, reports their state, and gives tickets to connect with."""

    url: pulumi.Output[str]
    """`https://` address of the API."""

    def __init__(
        self, name: str, args: OrdersApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("orders:index:OrdersApi", name, None, opts)
        http = HttpApiArgs(
            issuer=args.issuer,
            audiences=[args.audience],
            throttling_rate_limit=args.throttling_rate_limit,
            allowed_origins=args.allowed_origins,
            defaults=args.defaults,
            protect_data=args.protect_data,
        )
        api = HttpApi(f"{name}-http", http, pulumi.ResourceOptions(parent=self))
        tickets = InvokedFunction(name=args.ticket_function_name, invoke_arn=args.ticket_invoke_arn)
        api.route("orders", ORDER_ROUTES, self._function(name, args))
        api.route("tickets", TICKET_ROUTES, tickets)
        self.url = api.url
        self.register_outputs({"url": self.url})

    def _function(self, name: str, args: OrdersApiArgs) -> Function:
        placing = policies.document(
            policies.allow(["dynamodb:GetItem", "dynamodb:PutItem"], args.orders_table.arn),
            policies.allow(["dynamodb:GetItem"], args.stock_table_arn),
            policies.allow(["states:StartExecution"], args.state_machine_arn),
        )
        function = FunctionArgs(
            module="orders.api",
            handlers_path=HANDLERS_PATH,
            environment={
                "ORDERS_TABLE": args.orders_table.name,
                "STOCK_TABLE": args.stock_table_name,
                "STATE_MACHINE_ARN": args.state_machine_arn,
            },
            policies={"placing": placing},
            defaults=args.defaults,
            timeout_seconds=10,
            memory_mb=512,
        )
        return Function(f"{name}-function", function, pulumi.ResourceOptions(parent=self))
