"""A Lambda function with its role, log group and policies.

The bundle and the handler's path follow from the module's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from . import bundle, policies
from .arguments import InvalidArgument, check
from .names import FUNCTION_NAME, ROLE_NAME, check_name

# Lambda has it in every region of regions.toml: AWS publishes its own arm64 layers in all of them.
# https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions-versions.html
ARCHITECTURE = "arm64"
RUNTIME = "python3.13"
ERRORS_METRIC = "LoggedErrors"
# X-Ray takes no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
TRACE = policies.allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"])
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionDefaults:
    """The settings that all functions of a stack share, given to each component that has some."""

    log_retention_days: int
    """Days that log lines, and a component's access logs, are kept."""

    layer_arn: pulumi.Input[str] | None = None
    """Layer with the third-party packages. RealtimeApi makes one by default, `layer_arn`, which
    every other component must be given."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of logs and variables, and of a component's tables and queues, as of `CustomerKey`; by
    default AWS's own."""

    tracing: bool | None = None
    """Send traces of the functions' runs to X-Ray, which AWS charges for; false by default."""

    def __post_init__(self) -> None:
        check(self)
        if self.log_retention_days not in LOG_RETENTION_DAYS:
            raise InvalidArgument(
                f"log_retention_days must be one of {LOG_RETENTION_DAYS}, got"
                f" {self.log_retention_days}: CloudWatch keeps logs for no other number of days."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionArgs:
    module: str
    """Module under `handlers/` with a `handler(event, context)`, as in `orders.place`."""

    environment: Mapping[str, pulumi.Input[str]]
    """Exactly the variables that the module's `Environment` reads."""

    policies: Mapping[str, pulumi.Input[str]]
    """Name -> JSON document of the function's permissions. Writing its own logs is added."""

    defaults: FunctionDefaults
    """Layer, logs, key and tracing."""

    timeout_seconds: int
    """Longest run, 1 to 900. A queue's visibility timeout has to be six times as long."""

    memory_mb: int
    """Memory, 128 to 10240. Processor time grows with it, so more can be cheaper."""

    service: str | None = None
    """Name that its logs and metrics are filed under, such as its component's; by default the
    folder of its module."""

    handlers_path: str | None = None
    """Absolute path of the folder that holds a `handlers` of yours; by default this package's."""

    reserved_concurrency: int | None = None
    """Executions kept for it, and the most that it gets; by default it shares the account's."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)
        if self.defaults.layer_arn is None:
            raise InvalidArgument(
                "defaults must give layer_arn, got none: the packages that functions import are in"
                " that layer. RealtimeApi has one, and RuntimeLayer makes one."
            )
        if not 1 <= self.timeout_seconds <= 900:
            raise InvalidArgument(
                f"timeout_seconds must be 1 to 900, got {self.timeout_seconds}."
                " Longer work belongs in a queue."
            )
        if not 128 <= self.memory_mb <= 10_240:
            raise InvalidArgument(
                f"memory_mb must be 128 to 10240, got {self.memory_mb}: Lambda offers nothing else."
            )
        if self.reserved_concurrency is not None and self.reserved_concurrency < 1:
            raise InvalidArgument(
                f"reserved_concurrency must be 1 or more, got {self.reserved_concurrency}: with 0"
                " the function never runs. Leave it out to reserve none."
            )
        if self.handlers_path is not None and not Path(self.handlers_path).is_absolute():
            raise InvalidArgument(
                f"handlers_path must be an absolute path, got {self.handlers_path!r}: a relative"
                " one would depend on where Pulumi runs. In Python: str(Path(__file__).parent)"
            )


class Function(pulumi.ComponentResource):
    """A function, this package's or yours, with its role, log group and policies.

    It is made after its policies, so that its first run has them.
    """

    arn: pulumi.Output[str]
    """ARN of the function."""
    invoke_arn: pulumi.Output[str]
    """ARN by which API Gateway invokes it."""
    name: pulumi.Output[str]
    """Physical name."""
    role_name: pulumi.Output[str]
    """Role to which further policies can be attached."""

    def __init__(
        self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("Function", name, {"-function": FUNCTION_NAME, "-role": ROLE_NAME})
        super().__init__("realtime:index:Function", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role", assume_role_policy=policies.trust("lambda.amazonaws.com"), opts=child
        )
        logs = self._logs(name, args)
        write = policies.allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.Output.concat(logs.arn, ":*")]
        )
        own = policies.document(write, *([TRACE] if args.defaults.tracing else []))
        attached = [
            aws.iam.RolePolicy(f"{name}-{key}-policy", role=role.name, policy=policy, opts=child)
            for key, policy in {**args.policies, "logs": own}.items()
        ]
        function = self._function(name, args, role, logs, attached)

        self.arn = function.arn
        self.invoke_arn = function.invoke_arn
        self.name = function.name
        self.role_name = role.name
        self.register_outputs(
            {
                "arn": self.arn,
                "invoke_arn": self.invoke_arn,
                "name": self.name,
                "role_name": self.role_name,
            }
        )

    def _logs(self, name: str, args: FunctionArgs) -> aws.cloudwatch.LogGroup:
        """With a metric of logged errors: Lambda's own counts none that the handler catches."""
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            retention_in_days=args.defaults.log_retention_days,
            kms_key_id=args.defaults.kms_key_arn,
            region=args.region,
            opts=child,
        )
        aws.cloudwatch.LogMetricFilter(
            f"{name}-errors",
            log_group_name=logs.name,
            pattern='{ $.level = "ERROR" }',
            metric_transformation={
                "name": ERRORS_METRIC,
                "namespace": metrics_namespace(_service(args)),
                "value": "1",
            },
            region=args.region,
            opts=child,
        )
        return logs

    def _function(
        self,
        name: str,
        args: FunctionArgs,
        role: aws.iam.Role,
        logs: aws.cloudwatch.LogGroup,
        attached: list[aws.iam.RolePolicy],
    ) -> aws.lambda_.Function:
        root = bundle.ROOT if args.handlers_path is None else Path(args.handlers_path)
        # Powertools makes the service's name the dimension `service` of each metric.
        # https://docs.aws.amazon.com/powertools/python/latest/core/metrics/
        observed = {
            "POWERTOOLS_SERVICE_NAME": _service(args),
            "POWERTOOLS_METRICS_NAMESPACE": metrics_namespace(_service(args)),
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        return aws.lambda_.Function(
            f"{name}-function",
            role=role.arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=f"handlers.{args.module}.handler",
            code=bundle.archive(args.module, root=root),
            layers=[args.defaults.layer_arn] if args.defaults.layer_arn is not None else [],
            timeout=args.timeout_seconds,
            memory_size=args.memory_mb,
            reserved_concurrent_executions=args.reserved_concurrency,
            environment={"variables": {**args.environment, **observed}},
            # At WARN the platform reports the runs that failed, timed out or were killed; at INFO
            # it writes some 900 bytes more for each run that went well.
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
            logging_config={
                "log_format": "JSON",
                "system_log_level": "WARN",
                "log_group": logs.name,
            },
            kms_key_arn=args.defaults.kms_key_arn,
            # Given also when off: AWS keeps the old mode of a function whose update names none.
            tracing_config={"mode": "Active" if args.defaults.tracing else "PassThrough"},
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=attached),
        )


def metrics_namespace(service: str) -> str:
    """Where a service's metrics are: projects, stacks and APIs of one account do not mix.

    Not the dimension alone: a metric filter can take a dimension from a line only, and a line that
    Lambda writes names no service.
    """
    return f"RealtimePlatform/{pulumi.get_project()}/{pulumi.get_stack()}/{service}"


def _service(args: FunctionArgs) -> str:
    return args.service or args.module.partition(".")[0]
