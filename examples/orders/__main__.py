"""A shop whose orders are decided later, by a saga, and tell the customer's own browser."""

import dataclasses

import pulumi
from infrastructure import settings
from infrastructure.orders_api import OrdersApi, OrdersApiArgs
from infrastructure.saga import Saga, SagaArgs
from infrastructure.services import Service, ServiceArgs
from infrastructure.state_machine import SOURCE
from realtime_platform.components import (
    ChannelRule,
    FunctionDefaults,
    RealtimeApi,
    RealtimeApiArgs,
    Table,
    TableArgs,
    TokenArgs,
    Users,
    UsersArgs,
)

stack = settings.load()
defaults = FunctionDefaults(log_retention_days=stack.log_retention_days)
customers = Users("customers", UsersArgs(protect_data=stack.protect_data))
realtime = RealtimeApi(
    "realtime",
    RealtimeApiArgs(
        stage_name=pulumi.get_stack(),
        channels=[
            ChannelRule(pattern="user:{sub}", access="owner", delivery="every", publishers=[SOURCE])
        ],
        tokens=TokenArgs(issuer=customers.issuer, audiences=[customers.client_id]),
        allowed_origins=stack.allowed_origins,
        throttling_rate_limit=stack.web_socket_rate_limit,
        defaults=defaults,
        protect_data=stack.protect_data,
    ),
)
defaults = dataclasses.replace(defaults, layer_arn=realtime.layer_arn)
stock = Service(
    "stock",
    ServiceArgs(
        module="orders.stock",
        table_variable="STOCK_TABLE",
        sort_key=False,
        environment={},
        defaults=defaults,
        protect_data=stack.protect_data,
    ),
)
payments = Service(
    "payments",
    ServiceArgs(
        module="orders.payment",
        table_variable="PAYMENTS_TABLE",
        sort_key=True,
        environment={"CHARGE_LIMIT_CENTS": str(stack.charge_limit_cents)},
        defaults=defaults,
        protect_data=stack.protect_data,
    ),
)
orders = Table("orders", TableArgs(sort_key=False, protect_data=stack.protect_data))
saga = Saga(
    "saga",
    SagaArgs(
        stock_function_arn=stock.function_arn,
        payment_function_arn=payments.function_arn,
        orders_table_name=orders.name,
        orders_table_arn=orders.arn,
        publish_queue_url=realtime.publish_queue_url,
        protect_data=stack.protect_data,
    ),
)
realtime.grant_send("saga", saga.role_name)
api = OrdersApi(
    "api",
    OrdersApiArgs(
        orders_table=orders,
        stock_table_name=stock.table_name,
        stock_table_arn=stock.table_arn,
        state_machine_arn=saga.arn,
        ticket_function_name=realtime.ticket_function_name,
        ticket_invoke_arn=realtime.ticket_invoke_arn,
        issuer=customers.issuer,
        audience=customers.client_id,
        allowed_origins=stack.allowed_origins,
        throttling_rate_limit=stack.http_rate_limit,
        defaults=defaults,
        protect_data=stack.protect_data,
    ),
)
pulumi.export("endpoint", realtime.endpoint)
pulumi.export("api_url", api.url)
pulumi.export("publish_queue_url", realtime.publish_queue_url)
pulumi.export("user_pool_id", customers.pool_id)
pulumi.export("user_pool_client_id", customers.client_id)
pulumi.export("state_machine_arn", saga.arn)
pulumi.export("unfinished_queue_url", saga.unfinished_queue_url)
pulumi.export("orders_table", orders.name)
pulumi.export("stock_table", stock.table_name)
pulumi.export("payments_table", payments.table_name)
