import json

import pytest

from components.resources.event_route import EventRoute, EventRouteArgs
from components.resources.queue import Queue, QueueArgs
from tests.infra.harness import Deployment, Resource, deploy

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"

FED = {
    "clicks-queue": "clicks-aggregate",
    "realtime-delivery-queue": "realtime-fan-out",
    "realtime-publish-queue": "realtime-publish",
    "realtime-events-queue": "realtime-publish",
}
ROUTED = {"clicks-route": "clicks-queue", "realtime-events-route": "realtime-events-queue"}


def name_of(arn: str) -> str:
    """The resource's logical name, which ends its ARN here."""
    return arn.rpartition(":")[2]


def of(deployment: Deployment, type_: str, component: str) -> Resource:
    (found,) = (resource for resource in deployment.of(type_) if resource.parent == component)
    return found


def test_every_queue_that_is_worked_on_feeds_one_function(deployment: Deployment) -> None:
    assert {
        mapping.parent: name_of(mapping.inputs["functionName"]).removesuffix("-function")
        for mapping in deployment.of(MAPPING)
    } == FED
    for mapping in deployment.of(MAPPING):
        assert name_of(mapping.inputs["eventSourceArn"]) == f"{mapping.parent}-source"


@pytest.mark.parametrize("queue", FED)
def test_a_message_is_hidden_for_six_runs_of_its_function(dev: Deployment, queue: str) -> None:
    visibility = dev.named(f"{queue}-source").inputs["visibilityTimeoutSeconds"]
    assert visibility == 6 * dev.named(f"{FED[queue]}-function").inputs["timeout"]


@pytest.mark.parametrize("queue", FED)
def test_what_failed_five_times_is_kept_for_fourteen_days(dev: Deployment, queue: str) -> None:
    redrive = json.loads(dev.named(f"{queue}-source").inputs["redrivePolicy"])
    dead_letter = dev.named(f"{queue}-dead-letter").inputs
    allowed = dev.named(f"{queue}-redrive-allow-policy").inputs
    assert redrive["maxReceiveCount"] == 5
    assert name_of(redrive["deadLetterTargetArn"]) == f"{queue}-dead-letter"
    assert dead_letter["messageRetentionSeconds"] == 14 * 24 * 3600
    assert allowed["queueUrl"].endswith(f"/{queue}-dead-letter")
    (source,) = json.loads(allowed["redriveAllowPolicy"])["sourceQueueArns"]
    assert name_of(source) == f"{queue}-source"


@pytest.mark.parametrize("queue", FED)
def test_a_message_that_no_function_receives_is_kept_as_long(dev: Deployment, queue: str) -> None:
    source = dev.named(f"{queue}-source").inputs
    assert source["messageRetentionSeconds"] == 14 * 24 * 3600


@pytest.mark.parametrize(
    "name",
    [
        "clicks-parking-queue",
        "clicks-route-undelivered-queue",
        "realtime-events-route-undelivered-queue",
    ],
)
def test_what_never_came_to_a_function_is_kept_as_long(dev: Deployment, name: str) -> None:
    assert dev.named(name).inputs["messageRetentionSeconds"] == 14 * 24 * 3600


def test_a_message_that_fails_does_not_fail_its_batch(deployment: Deployment) -> None:
    for mapping in deployment.of(MAPPING):
        assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping.inputs["batchSize"] == 10
        assert "maximumBatchingWindowInSeconds" not in mapping.inputs


@pytest.mark.parametrize(("stack", "aggregators", "workers"), [("dev", 2, 10), ("prod", 5, 10)])
def test_no_queue_takes_more_functions_than_its_stack_allows(
    stack: str, aggregators: int, workers: int, request: pytest.FixtureRequest
) -> None:
    deployment: Deployment = request.getfixturevalue(stack)
    for mapping in deployment.of(MAPPING):
        concurrency = aggregators if mapping.parent == "clicks-queue" else workers
        assert mapping.inputs["scalingConfig"] == {"maximumConcurrency": concurrency}


def test_only_the_publish_queue_keeps_an_order(dev: Deployment) -> None:
    fifo = {queue.name for queue in dev.of(QUEUE) if queue.inputs.get("fifoQueue")}
    assert fifo == {"realtime-publish-queue-source", "realtime-publish-queue-dead-letter"}


def test_the_publish_queue_knows_an_id_again_within_its_channel_and_by_nothing_else(
    dev: Deployment,
) -> None:
    inputs = dev.named("realtime-publish-queue-source").inputs
    assert inputs["deduplicationScope"] == "messageGroup"
    assert inputs["fifoThroughputLimit"] == "perMessageGroupId"
    assert "contentBasedDeduplication" not in inputs


def test_each_rule_takes_its_own_kind_of_event(dev: Deployment) -> None:
    patterns = {rule.parent: json.loads(rule.inputs["eventPattern"]) for rule in dev.of(RULE)}
    assert patterns == {
        "clicks-route": {"source": ["shortener"], "detail-type": ["click"]},
        "realtime-events-route": {"detail-type": ["realtime.publish"]},
    }


@pytest.mark.parametrize("route", ROUTED)
def test_an_event_goes_to_its_queue_or_is_kept(dev: Deployment, route: str) -> None:
    target = of(dev, TARGET, route).inputs
    assert name_of(target["arn"]) == f"{ROUTED[route]}-source"
    assert name_of(target["deadLetterConfig"]["arn"]) == f"{route}-undelivered-queue"
    assert target["retryPolicy"]["maximumEventAgeInSeconds"] == 24 * 3600


@pytest.mark.parametrize("route", ROUTED)
def test_a_rule_and_its_target_are_on_one_bus(dev: Deployment, route: str) -> None:
    bus = f"{route.partition('-')[0]}-bus-0123456"
    assert of(dev, RULE, route).inputs["eventBusName"] == bus
    assert of(dev, TARGET, route).inputs["eventBusName"] == bus


def test_the_click_queue_gets_the_click_and_not_the_buss_envelope(dev: Deployment) -> None:
    assert of(dev, TARGET, "clicks-route").inputs["inputPath"] == "$.detail"


def test_the_door_gets_the_envelope_which_says_who_put_the_event(dev: Deployment) -> None:
    assert "inputPath" not in of(dev, TARGET, "realtime-events-route").inputs


@pytest.mark.parametrize("route", ROUTED)
def test_a_rule_may_send_before_it_has_something_to_send(dev: Deployment, route: str) -> None:
    policies = {policy.name for policy in dev.of(QUEUE_POLICY) if policy.parent == route}
    assert len(policies) == 2
    assert policies <= of(dev, TARGET, route).dependencies


def test_only_the_rule_may_send_to_its_two_queues(deployment: Deployment) -> None:
    found = {
        name_of(statement["Resource"][0]): statement
        for policy in deployment.of(QUEUE_POLICY)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    }
    rules = {queue: of(deployment, RULE, route) for route, queue in _queues_of_routes()}
    assert found.keys() == rules.keys()
    for queue, statement in found.items():
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == ["sqs:SendMessage"]
        (source,) = statement["Condition"]["ArnEquals"].values()
        assert name_of(source) == rules[queue].name


def _queues_of_routes() -> list[tuple[str, str]]:
    sources = [(route, f"{queue}-source") for route, queue in ROUTED.items()]
    return sources + [(route, f"{route}-undelivered-queue") for route in ROUTED]


def test_a_route_without_a_source_is_open_to_every_one() -> None:
    def program() -> None:
        queue = Queue("orders-queue", QueueArgs(consumer_timeout_seconds=1))
        args = EventRouteArgs(
            bus_name="bus", detail_type="placed", queue_url=queue.url, queue_arn=queue.arn
        )
        EventRoute("orders-route", args)

    assert json.loads(deploy(program).one(RULE).inputs["eventPattern"]) == {
        "detail-type": ["placed"]
    }
