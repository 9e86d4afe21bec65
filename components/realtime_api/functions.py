"""The functions of a RealtimeApi: those that answer clients, and the workers behind its queues.

A deployment is a snapshot of the former. The latter post to its address, so they are made after it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from ..function import Function, FunctionArgs
from .args import (
    DEFAULT_HISTORY_SECONDS,
    DEFAULT_MAXIMUM_SUBSCRIPTIONS,
    DEFAULT_MAXIMUM_WORKERS,
    RealtimeApiArgs,
    channel_rules,
)
from .grants import Grants
from .queues import FAN_OUT_TIMEOUT_SECONDS, PUBLISH_TIMEOUT_SECONDS, Queues

WORKER_MEMORY_MB = 512

Texts = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class Functions:
    """Makes them as children of one component, each with the least that it can work with."""

    name: str
    args: RealtimeApiArgs
    layer_arn: pulumi.Output[str]
    table_name: pulumi.Output[str]
    queues: Queues
    grants: Grants
    parent: pulumi.Resource

    def authorize(self) -> Function:
        environment = {
            **self._connecting(),
            "ALLOWED_ORIGINS": json.dumps(list(self.args.allowed_origins or ())),
            "REQUIRE_ORIGIN": "true" if self.args.require_origin else "false",
        }
        return self._function("authorize", environment, {})

    def answering(self) -> dict[str, Function]:
        """By the name of their integration."""
        table: Texts = {"REALTIME_TABLE": self.table_name}
        delivery: Texts = {"DELIVERY_QUEUE_URL": self.queues.delivery.url}
        connecting = {**table, **delivery, **self._connecting()}
        limit = self.args.maximum_subscriptions or DEFAULT_MAXIMUM_SUBSCRIPTIONS
        rules: Texts = {"CHANNEL_RULES": channel_rules(self.args)}
        watching = {**table, **rules, "MAXIMUM_SUBSCRIPTIONS": str(limit)}
        may = self.grants
        return {
            "connect": self._function("connect", connecting, {"connect": may.connect()}),
            "disconnect": self._function("disconnect", table, {"forget": may.forget()}),
            "messages": self._function("messages", watching, {"watch": may.watch()}),
        }

    def work(self, publishing: Texts) -> None:
        """`publishing` are the variables of every function that publishes."""
        queues, publish = self.queues, self._publish(publishing)
        workers = self.args.maximum_workers or DEFAULT_MAXIMUM_WORKERS
        queues.delivery.feed(self._fan_out(publishing), maximum_concurrency=workers)
        queues.publish.feed(publish, maximum_concurrency=workers)
        queues.events.feed(publish, maximum_concurrency=workers)

    def _fan_out(self, publishing: Texts) -> Function:
        policies = {
            "publish": self.grants.publish(),
            "disconnect": self.grants.disconnect(),
            "consume": self.queues.delivery.consume_policy,
        }
        return self._function(
            "fan_out",
            publishing,
            policies,
            timeout_seconds=FAN_OUT_TIMEOUT_SECONDS,
            memory_mb=WORKER_MEMORY_MB,
        )

    def _publish(self, publishing: Texts) -> Function:
        history = self.args.history_seconds or DEFAULT_HISTORY_SECONDS
        environment = {
            **publishing,
            "EVENT_BUS_NAME": self.queues.bus_name,
            "HISTORY_SECONDS": str(history),
        }
        policies = {
            "publish": self.grants.publish(),
            "number": self.grants.number(),
            "consume": self.queues.publish.consume_policy,
            "consume-events": self.queues.events.consume_policy,
        }
        return self._function(
            "publish",
            environment,
            policies,
            timeout_seconds=PUBLISH_TIMEOUT_SECONDS,
            memory_mb=WORKER_MEMORY_MB,
        )

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
    ) -> Function:
        function = FunctionArgs(
            module=f"realtime.{module}",
            environment=environment,
            policies=policies,
            layer_arn=self.layer_arn,
            log_retention_days=self.args.log_retention_days,
            timeout_seconds=timeout_seconds,
            memory_mb=memory_mb,
        )
        name = f"{self.name}-{module.replace('_', '-')}"
        return Function(name, function, pulumi.ResourceOptions(parent=self.parent))
