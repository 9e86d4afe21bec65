"""A component's name that is too long is refused by that name, before AWS refuses a child's."""

from collections.abc import Callable

import pulumi
import pytest

from components import (
    ApiGatewayAccount,
    ChannelRule,
    ClickPipeline,
    ClickPipelineArgs,
    EventRoute,
    EventRouteArgs,
    Function,
    FunctionArgs,
    FunctionDefaults,
    Queue,
    QueueArgs,
    RealtimeApi,
    RealtimeApiArgs,
    Shortener,
    ShortenerArgs,
    TokenArgs,
)
from components.dashboard.hosting import Dashboard, DashboardArgs
from tests.infra.harness import Deployment, deploy

# What AWS takes, https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
LIMITS = {
    "aws:lambda/function:Function": 64,
    "aws:iam/role:Role": 64,
    "aws:sqs/queue:Queue": 80,
    "aws:cloudwatch/eventRule:EventRule": 64,
}
DEFAULTS = FunctionDefaults(log_retention_days=7, layer_arn="arn:aws:lambda:eu-west-1:1:layer:a:1")
REALTIME = RealtimeApiArgs(
    stage_name="dev",
    channels=[ChannelRule(pattern="user:{sub}", access="owner", delivery="every")],
    tokens=TokenArgs(issuer="https://issuer.example", audiences=["web"]),
    ticket_api=True,
    throttling_rate_limit=10,
    defaults=DEFAULTS,
)
CLICKS = ClickPipelineArgs(
    links_table_name="links",
    links_table_arn="arn",
    publish_policy="{}",
    publish_environment={},
    defaults=DEFAULTS,
)
SHORTENER = ShortenerArgs(
    links_table_name="links",
    links_table_arn="arn",
    click_policy="{}",
    click_environment={},
    throttling_rate_limit=1,
    defaults=DEFAULTS,
)
FUNCTION = FunctionArgs(
    module="realtime.functions.disconnect",
    environment={},
    policies={},
    defaults=DEFAULTS,
    timeout_seconds=1,
    memory_mb=128,
)
ROUTE = EventRouteArgs(bus_name="bus", detail_type="a", queue_url="url", queue_arn="arn")
DASHBOARD = DashboardArgs(
    endpoint="wss://a", api_url="https://a", user_pool_client_id="a", region="eu-west-1"
)
LONGEST: list[tuple[str, int, Callable[[str], object]]] = [
    ("RealtimeApi", 36, lambda name: RealtimeApi(name, REALTIME)),
    ("ClickPipeline", 37, lambda name: ClickPipeline(name, CLICKS)),
    ("Shortener", 38, lambda name: Shortener(name, SHORTENER)),
    ("Function", 47, lambda name: Function(name, FUNCTION)),
    ("Queue", 55, lambda name: Queue(name, QueueArgs(consumer_timeout_seconds=1, fifo=True))),
    ("EventRoute", 51, lambda name: EventRoute(name, ROUTE)),
    ("ApiGatewayAccount", 51, ApiGatewayAccount),
]


def too_long(deployment: Deployment) -> dict[str, int]:
    lengths = {
        resource.name: len(f"{resource.name}-0123456")
        + 5 * bool(resource.inputs.get("fifoQueue"))
        - LIMITS[resource.type]
        for resource in deployment.resources
        if resource.type in LIMITS
    }
    assert lengths
    return {name: excess for name, excess in lengths.items() if excess > 0}


@pytest.mark.parametrize(("kind", "most", "make"), LONGEST, ids=lambda value: str(value)[:20])
def test_the_longest_name_fits_every_child_and_a_longer_one_is_refused(
    kind: str, most: int, make: Callable[[str], object]
) -> None:
    assert too_long(deploy(lambda: make("n" * most))) == {}
    sentence = f"The name of a {kind} must be {most} characters at most, got {most + 1} of 'nnn"
    with pytest.raises(pulumi.RunError, match=sentence):
        deploy(lambda: make("n" * (most + 1)))


def test_a_dashboards_name_leaves_room_for_its_function() -> None:
    with pytest.raises(pulumi.RunError, match="must be 46 characters at most, got 47 of"):
        deploy(lambda: Dashboard("n" * 47, DASHBOARD))
