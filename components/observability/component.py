"""The topic of the alarms, an alarm for each signal, and the dashboard of all signals."""

import pulumi
import pulumi_aws as aws

from ..resources import policies
from .args import ObservabilityArgs
from .dashboard import body
from .signal import MINUTE_SECONDS, Signal
from .signals import signals

LATEST_MINUTES = 5
STATISTICS = ("Sum", "Maximum", "Average")
"""Those that an alarm does not call extended."""


class Observability(pulumi.ComponentResource):
    """Alarms at 80 percent of every limit, and on every failure that an operator has to act on."""

    topic_arn: pulumi.Output[str]
    """Topic that every alarm goes to, and its end too."""
    dashboard_name: pulumi.Output[str]
    """Dashboard in CloudWatch, where names are the account's and not the region's."""

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:Observability", name, None, opts)
        watched = signals(args)
        topic = self._topic(name, args)
        for signal in watched:
            if signal.threshold is not None:
                self._alarm(name, args, signal, topic)

        self.topic_arn = topic.arn
        region = topic.arn.apply(lambda arn: arn.split(":")[3])
        self.dashboard_name = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            dashboard_body=pulumi.Output.json_dumps(body(watched, region)),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        ).dashboard_name
        self.register_outputs({"topic_arn": self.topic_arn, "dashboard_name": self.dashboard_name})

    def _topic(self, name: str, args: ObservabilityArgs) -> aws.sns.Topic:
        topic = aws.sns.Topic(
            f"{name}-topic",
            kms_master_key_id=args.kms_key_arn,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.sns.TopicPolicy(
            f"{name}-topic-policy",
            arn=topic.arn,
            policy=topic.arn.apply(_alarms_may_publish),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for number, address in enumerate(args.emails or ()):
            aws.sns.TopicSubscription(
                f"{name}-email-{number}",
                topic=topic.arn,
                protocol="email",
                endpoint=address,
                region=args.region,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return topic

    def _alarm(
        self, name: str, args: ObservabilityArgs, signal: Signal, topic: aws.sns.Topic
    ) -> None:
        only = signal.only_metric
        extended = only is not None and only.statistic not in STATISTICS
        aws.cloudwatch.MetricAlarm(
            f"{name}-{signal.key}",
            namespace=only and only.namespace,
            metric_name=only and only.name,
            dimensions=only and dict(only.dimensions),
            statistic=only.statistic if only and not extended else None,
            extended_statistic=only.statistic if only and extended else None,
            period=MINUTE_SECONDS if only else None,
            metric_queries=None if only else _queries(signal),
            alarm_description=f"{signal.title}: {signal.because}",
            comparison_operator="GreaterThanThreshold",
            threshold=signal.threshold,
            evaluation_periods=1 if signal.minutes == 1 else LATEST_MINUTES,
            datapoints_to_alarm=signal.minutes,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _queries(signal: Signal) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    return [
        *(
            {
                "id": key,
                "metric": {
                    "namespace": metric.namespace,
                    "metric_name": metric.name,
                    "dimensions": dict(metric.dimensions),
                    "stat": metric.statistic,
                    "period": MINUTE_SECONDS,
                },
                "return_data": False,
            }
            for key, metric in signal.metrics.items()
        ),
        {
            "id": "result",
            "expression": signal.expression,
            "label": signal.title,
            "return_data": True,
        },
    ]


def _alarms_may_publish(topic_arn: str) -> pulumi.Output[str]:
    """Without this an alarm turns red and notifies no address: alarms report no failed action."""
    _, partition, _, region, account, _ = topic_arn.split(":")
    return policies.document(
        policies.allow(
            ["sns:Publish"],
            [topic_arn],
            service="cloudwatch.amazonaws.com",
            conditions={
                "ArnLike": {
                    "aws:SourceArn": f"arn:{partition}:cloudwatch:{region}:{account}:alarm:*"
                },
                "StringEquals": {"aws:SourceAccount": account},
            },
        )
    )
