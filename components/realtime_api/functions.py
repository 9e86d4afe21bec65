"""The functions of a RealtimeApi: those that answer clients, and the workers behind its queues.

A deployment is a snapshot of the former. The latter post to its address, so they are made after it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from ..resources.function import Function, FunctionArgs, FunctionDefaults
from .args import (
    DEFAULT_HISTORY_SECONDS,
    DEFAULT_MAXIMUM_SUBSCRIPTIONS,
    DEFAULT_MAXIMUM_WORKERS,
    DEFAULT_PAYLOAD_LIMIT_BYTES,
    RealtimeApiArgs,
    channel_rules,
)
from .policies import Policies
from .queues import FAN_OUT_TIMEOUT_SECONDS, PUBLISH_TIMEOUT_SECONDS, Queues
from .tokens import token_rules

WORKER_MEMORY_MB = 512
ENDING_TIMEOUT_SECONDS = 60

Texts = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class Functions:
    """Makes them as children of one component, each with the least that it can work with."""

    name: str
    args: RealtimeApiArgs
    defaults: FunctionDefaults
    table_name: pulumi.Output[str]
    queues: Queues
    policies: Policies
    parent: pulumi.Resource
    made: dict[str, Function] = field(default_factory=dict[str, Function])
    """By module, in the order in which they were made."""

    def authorize(self) -> Function:
        environment = {
            **self._connecting(),
            "ALLOWED_ORIGINS": json.dumps(list(self.args.allowed_origins or ())),
            "REQUIRE_ORIGIN": "true" if self.args.require_origin else "false",
            "TOKENS": token_rules(self.args.tokens),
            "REALTIME_TABLE": self.table_name,
        }
        # Nobody has a ticket where nobody has a token.
        may_use = {"use-ticket": self.policies.use_ticket()} if self.args.tokens else {}
        return self._function("authorize", environment, may_use)

    def answering(self) -> dict[str, Function]:
        """By the name of their integration."""
        table: Texts = {"REALTIME_TABLE": self.table_name}
        delivery: Texts = {"DELIVERY_QUEUE_URL": self.queues.delivery.url}
        connecting = {**table, **delivery, **self._connecting()}
        limit = self.args.maximum_subscriptions or DEFAULT_MAXIMUM_SUBSCRIPTIONS
        rules: Texts = {"CHANNEL_RULES": channel_rules(self.args)}
        watching = {**table, **rules, "MAXIMUM_SUBSCRIPTIONS": str(limit)}
        connect = {"connect": self.policies.connect()}
        delete = {"delete": self.policies.delete_connection()}
        if self.args.tokens:  # a log-out may have come between the authorizer and these rows
            connect |= delete
        return {
            "connect": self._function("connect", connecting, connect),
            "disconnect": self._function("disconnect", table, delete),
            "messages": self._function(
                "messages", watching, {"subscribe": self.policies.subscribe()}
            ),
        }

    def ticket(self) -> Function:
        environment: Texts = {
            "REALTIME_TABLE": self.table_name,
            "CHANNEL_RULES": channel_rules(self.args),
        }
        return self._function("ticket", environment, {"issue": self.policies.issue_ticket()})

    def revoke(self, management_endpoint: pulumi.Output[str]) -> Function:
        return self._ending("revoke", management_endpoint)

    def expire(self, management_endpoint: pulumi.Output[str]) -> Function:
        return self._ending("expire", management_endpoint)

    def work(self, publishing: Texts) -> None:
        """`publishing` are the variables of every function that publishes."""
        queues, publish = self.queues, self._publish(publishing)
        workers = self.args.maximum_workers or DEFAULT_MAXIMUM_WORKERS
        fan_out = self._function(
            "fan_out",
            publishing,
            {
                "publish": self.policies.publish(),
                "disconnect": self.policies.disconnect(),
                "consume": queues.delivery.consume_policy,
            },
            timeout_seconds=FAN_OUT_TIMEOUT_SECONDS,
            memory_mb=WORKER_MEMORY_MB,
            reserved_concurrency=self.args.reserved_fan_out,
        )
        queues.delivery.feed(fan_out, maximum_concurrency=workers)
        queues.publish.feed(publish, maximum_concurrency=workers)
        queues.events.feed(publish, maximum_concurrency=workers)

    def _publish(self, publishing: Texts) -> Function:
        history = self.args.history_seconds or DEFAULT_HISTORY_SECONDS
        payload = self.args.payload_limit_bytes or DEFAULT_PAYLOAD_LIMIT_BYTES
        environment = {
            **publishing,
            "EVENT_BUS_NAME": self.queues.bus_name,
            "HISTORY_SECONDS": str(history),
            "PAYLOAD_LIMIT_BYTES": str(payload),
        }
        policies = {
            "publish": self.policies.publish(),
            "append": self.policies.append(),
            "consume": self.queues.publish.consume_policy,
            "consume-events": self.queues.events.consume_policy,
        }
        return self._function(
            "publish",
            environment,
            policies,
            timeout_seconds=PUBLISH_TIMEOUT_SECONDS,
            memory_mb=WORKER_MEMORY_MB,
            reserved_concurrency=self.args.reserved_publish,
        )

    def _ending(self, module: str, management_endpoint: pulumi.Output[str]) -> Function:
        environment: Texts = {
            "REALTIME_TABLE": self.table_name,
            "MANAGEMENT_ENDPOINT": management_endpoint,
        }
        may_end = {"end": self.policies.end_sessions()}
        return self._function(module, environment, may_end, timeout_seconds=ENDING_TIMEOUT_SECONDS)

    def _connecting(self) -> dict[str, str]:
        return {
            "CHANNEL_RULES": channel_rules(self.args),
            "CONNECT_PARAMETERS": json.dumps(dict(self.args.connect_parameters or {})),
        }

    def _function(
        self,
        module: str,
        environment: Texts,
        policies: Texts,
        *,
        timeout_seconds: int = 10,
        memory_mb: int = 256,
        reserved_concurrency: int | None = None,
    ) -> Function:
        function = FunctionArgs(
            module=f"realtime.functions.{module}",
            service=self.name,
            environment=environment,
            policies=policies,
            defaults=self.defaults,
            timeout_seconds=timeout_seconds,
            memory_mb=memory_mb,
            reserved_concurrency=reserved_concurrency,
            region=self.args.region,
        )
        name = f"{self.name}-{module.replace('_', '-')}"
        made = Function(name, function, pulumi.ResourceOptions(parent=self.parent))
        self.made[module] = made
        return made
