"""Arguments of Observability: the watched resources, and the limits that alarms are set below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from ..resources.arguments import InvalidArgument, check

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
METRICS_OF_AN_ALARM = 10
MOST_PUBLISHING_SERVICES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservabilityArgs:
    """Names are physical ones: CloudWatch knows no ARNs."""

    web_socket_api_id: pulumi.Input[str]
    """`RealtimeApi.api_id`."""

    stage_name: pulumi.Input[str]
    """`RealtimeApi.stage_name`."""

    http_api_id: pulumi.Input[str]
    """Id of the HTTP API beside it."""

    function_names: Mapping[str, pulumi.Input[str]]
    """Title -> function. Those called `authorize`, `connect` and `messages` get alarms of their
    own: for latency, and for the messages of clients."""

    queue_names: Mapping[str, pulumi.Input[str]]
    """Title -> queue that feeds a function; alarms when its oldest message waits."""

    kept_queue_names: Mapping[str, pulumi.Input[str]]
    """Title -> queue of messages that failed for good, which should be empty."""

    services: Sequence[str]
    """`FunctionArgs.service` of all functions, whose logged errors are watched; that of a
    component's functions is the component's name."""

    publishing_services: Sequence[str]
    """Those of them that publish to the API, itself among them; 2 at most."""

    web_socket_rate_limit: int
    """Connects and messages a second that the stage lets through."""

    http_rate_limit: int
    """Requests a second that the HTTP API lets through."""

    posts_per_second: int
    """Posts a second that the workers keep to."""

    lambda_concurrency: int
    """Executions at a time that the account has in this region."""

    emails: Sequence[pulumi.Input[str]] | None = None
    """Addresses that alarms are sent to, once each has confirmed; by default none."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of the topic; its policy must let CloudWatch use it. By default it is not encrypted."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)
        for name in (
            "web_socket_rate_limit",
            "http_rate_limit",
            "posts_per_second",
            "lambda_concurrency",
        ):
            if getattr(self, name) < 1:
                raise InvalidArgument(
                    f"{name} must be 1 or more, got {getattr(self, name)}: the alarm is set at"
                    " 80 percent of it."
                )
        for name, most in (
            ("services", METRICS_OF_AN_ALARM),
            ("publishing_services", MOST_PUBLISHING_SERVICES),
        ):
            if not 1 <= len(getattr(self, name)) <= most:
                raise InvalidArgument(
                    f"{name} must be 1 to {most}, got {len(getattr(self, name))}: CloudWatch takes"
                    f" {METRICS_OF_AN_ALARM} metrics in one alarm, and none makes no alarm."
                )
        for address in self.emails or ():
            if isinstance(address, str) and "@" not in address:
                raise InvalidArgument(f"emails must hold e-mail addresses, got {address!r}.")
