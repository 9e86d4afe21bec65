"""The saga's state machine, its permissions, and the alarms of orders that it cannot finish.

Executions are not logged to CloudWatch: Step Functions keeps a standard workflow's history for 90
days, and its log delivery wants permissions on every log group of the account.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import policies
from .state_machine import Parts, definition

FOURTEEN_DAYS_SECONDS = 1_209_600


@dataclass(frozen=True, kw_only=True, slots=True)
class SagaArgs:
    stock_function_arn: pulumi.Input[str]
    """Function that reserves, commits and releases."""

    payment_function_arn: pulumi.Input[str]
    """Function that charges and refunds."""

    orders_table_name: pulumi.Input[str]
    """Table in which an order is decided."""

    orders_table_arn: pulumi.Input[str]
    """ARN of that table."""

    publish_queue_url: pulumi.Input[str]
    """`RealtimeApi.publish_queue_url`."""

    protect_data: bool
    """Refuse to delete or replace the queue of orders that could not be finished."""


class Saga(pulumi.ComponentResource):
    """Decides orders. Its role needs `RealtimeApi.grant_send` to publish each decision."""

    arn: pulumi.Output[str]
    """ARN of the state machine."""
    role_name: pulumi.Output[str]
    """Role that needs permission to send to the publish queue."""
    unfinished_queue_url: pulumi.Output[str]
    """Orders that could not be finished, for fourteen days."""

    def __init__(
        self, name: str, args: SagaArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("orders:index:Saga", name, None, opts)
        unfinished = aws.sqs.Queue(
            f"{name}-unfinished",
            message_retention_seconds=FOURTEEN_DAYS_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )
        role, granted = self._role(name, args, unfinished)
        parts = Parts(
            stock_function_arn=args.stock_function_arn,
            payment_function_arn=args.payment_function_arn,
            orders_table_name=args.orders_table_name,
            publish_queue_url=args.publish_queue_url,
            unfinished_queue_url=unfinished.url,
        )
        machine = aws.sfn.StateMachine(
            f"{name}-machine",
            type="STANDARD",
            role_arn=role.arn,
            definition=pulumi.Output.json_dumps(definition(parts)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )
        self._alarms(name, machine, unfinished)
        self.arn, self.role_name = machine.arn, role.name
        self.unfinished_queue_url = unfinished.url
        self.register_outputs({key: getattr(self, key) for key in Saga.__annotations__})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _role(
        self, name: str, args: SagaArgs, unfinished: aws.sqs.Queue
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=policies.trust("states.amazonaws.com"),
            opts=self._child(),
        )
        steps = policies.document(
            policies.allow(["lambda:InvokeFunction"], args.stock_function_arn),
            policies.allow(["lambda:InvokeFunction"], args.payment_function_arn),
            policies.allow(["dynamodb:UpdateItem"], args.orders_table_arn),
            policies.allow(["sqs:SendMessage"], unfinished.arn),
        )
        granted = aws.iam.RolePolicy(
            f"{name}-steps-policy", role=role.name, policy=steps, opts=self._child()
        )
        return role, granted

    def _alarms(self, name: str, machine: aws.sfn.StateMachine, unfinished: aws.sqs.Queue) -> None:
        watched = {
            "failed": ("AWS/States", "ExecutionsFailed", {"StateMachineArn": machine.arn}),
            "unfinished": (
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                {"QueueName": unfinished.name},
            ),
        }
        for key, (namespace, metric, dimensions) in watched.items():
            aws.cloudwatch.MetricAlarm(
                f"{name}-{key}-alarm",
                alarm_description="An order could not be finished: start its saga again",
                namespace=namespace,
                metric_name=metric,
                dimensions=dimensions,
                statistic="Maximum" if key == "unfinished" else "Sum",
                period=60,
                evaluation_periods=1,
                comparison_operator="GreaterThanThreshold",
                threshold=0,
                treat_missing_data="notBreaching",
                opts=self._child(),
            )
