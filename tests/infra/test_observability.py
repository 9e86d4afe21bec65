import json
import re
from itertools import combinations
from typing import Any

import pytest

from components.observability import Observability, ObservabilityArgs
from components.observability.signals import POSTS
from policy.rules import RESOURCE_RULES, Resource
from tests.infra.harness import ROOT, Deployment, deploy

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:watch-topic"


def arguments(**changes: Any) -> ObservabilityArgs:
    given: dict[str, Any] = {
        "web_socket_api_id": "socket",
        "stage_name": "dev",
        "http_api_id": "http",
        "function_names": {
            "authorize": "authorize-1",
            "connect": "connect-1",
            "messages": "messages-1",
        },
        "queue_names": {"clicks": "clicks-1"},
        "kept_queue_names": {"clicks-dead-letters": "clicks-dead-1"},
        "services": ["live", "clicks", "other-api"],
        "publishing_services": ["live", "clicks"],
        "web_socket_rate_limit": 100,
        "http_rate_limit": 200,
        "posts_per_second": 500,
        "lambda_concurrency": 1000,
        "emails": ["oncall@example.com"],
    }
    return ObservabilityArgs(**{**given, **changes})


@pytest.fixture(scope="module")
def watched() -> Deployment:
    return deploy(lambda: Observability("watch", arguments()))


def alarms(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return {r.name.removeprefix("watch-"): dict(r.inputs) for r in deployment.of(ALARM)}


def test_alarms_watch_every_limit_at_80_percent(watched: Deployment) -> None:
    thresholds = {name: alarm["threshold"] for name, alarm in alarms(watched).items()}
    assert thresholds["web-socket-quota"] == 100 * 60 * 0.8
    assert thresholds["http-quota"] == 200 * 60 * 0.8
    assert thresholds["posts-quota"] == 500 * 60 * 0.8
    assert thresholds["concurrency-quota"] == 1000 * 0.8


def test_each_function_and_queue_has_its_alarms(watched: Deployment) -> None:
    assert {
        *("function-authorize-errors", "function-connect-errors", "throttles-authorize"),
        *("authorizer-latency", "queue-clicks-age", "kept-clicks-dead-letters", "event-age"),
        *("gone-share", "connect-errors", "integration-errors", "http-errors"),
    } <= alarms(watched).keys()


def test_throttles_of_any_number_of_functions_are_watched_ten_to_an_alarm() -> None:
    names = {f"f{number}": f"function-{number}" for number in range(23)}
    deployed = deploy(lambda: Observability("watch", arguments(function_names=names)))
    throttles = [
        [q["metric"]["dimensions"]["FunctionName"] for q in alarm["metricQueries"] if "metric" in q]
        for name, alarm in alarms(deployed).items()
        if name.startswith("throttles-")
    ]
    assert sorted(map(len, throttles)) == [3, 10, 10]
    assert {name for some in throttles for name in some} == set(names.values())


def test_no_two_alarms_share_a_name() -> None:
    # Pulumi's engine would refuse them; its mocks do not.
    names = [r.name for r in deploy(lambda: Observability("watch", arguments())).of(ALARM)]
    assert len(names) == len(set(names))


def test_every_alarm_tells_the_topic_when_it_starts_and_when_it_ends(watched: Deployment) -> None:
    for alarm in alarms(watched).values():
        assert alarm["alarmActions"] == alarm["okActions"] == [TOPIC_ARN]
        assert alarm["alarmDescription"]


Counted = dict[str, int]
"""A minute of the stage, by API Gateway's metric; what is left out has no data point."""


def lost_share(watched: Deployment, minute: Counted) -> float:
    """What the alarm on connects sees of the minute."""
    queries = alarms(watched)["connect-errors"]["metricQueries"]
    names = {q["id"]: q["metric"]["metricName"] for q in queries if "metric" in q}
    (expression,) = (q["expression"] for q in queries if "expression" in q)
    functions: dict[str, Any] = {
        "FILL": lambda seen, filler: filler if seen is None else seen,  # pyright: ignore[reportUnknownLambdaType] - a number
        "IF": lambda condition, yes, no: yes if condition else no,  # pyright: ignore[reportUnknownLambdaType] - numbers
    }
    seen = {id_: minute.get(name) for id_, name in names.items()}
    return eval(expression, functions, seen)  # noqa: S307 - CloudWatch's arithmetic is Python's


@pytest.mark.parametrize(
    ("minute", "percent"),
    [
        ({"ClientError": 60}, 100),  # by the authorizer: no connect is counted at all
        ({"ConnectCount": 40, "ClientError": 60}, 60),  # by the throttle
        ({"ConnectCount": 40, "IntegrationError": 30}, 75),  # by the function
        ({"ConnectCount": 40, "IntegrationError": 10, "ClientError": 10}, 40),
        ({"ConnectCount": 40}, 0),
        ({"ClientError": 5}, 0),  # too few to say
    ],
)
def test_the_alarm_on_connects_sees_whoever_refuses_them(
    watched: Deployment, minute: Counted, percent: int
) -> None:
    assert lost_share(watched, minute) == percent


def test_what_is_refused_before_a_function_runs_has_a_graph_of_its_own(
    watched: Deployment,
) -> None:
    (graph,) = (
        w["properties"]
        for w in widgets(watched, "metric")
        if [entry[1:2] for entry in w["properties"]["metrics"]] == [["ClientError"]]
    )
    namespace, _, *dimensions, options = graph["metrics"][0]
    assert namespace == "AWS/ApiGateway"
    assert dimensions == ["ApiId", "socket", "Stage", "dev"]
    assert options["visible"]


def test_an_alarm_of_one_metric_names_it_with_a_statistic(watched: Deployment) -> None:
    single = {name: a for name, a in alarms(watched).items() if "metricQueries" not in a}
    assert single
    for name, alarm in single.items():
        assert alarm["namespace"], name
        assert len({"statistic", "extendedStatistic"} & alarm.keys()) == 1, name
        assert alarm["period"] == 60, name
    assert single["authorizer-latency"]["extendedStatistic"] == "p95"
    assert single["kept-clicks-dead-letters"]["dimensions"] == {"QueueName": "clicks-dead-1"}


def test_an_alarm_of_several_returns_one_series_of_ten_metrics_at_most(
    watched: Deployment,
) -> None:
    for name, alarm in alarms(watched).items():
        if "metricQueries" not in alarm:
            continue
        queries = alarm["metricQueries"]
        assert [q["returnData"] for q in queries].count(True) == 1, name
        assert sum("metric" in q for q in queries) <= 10, name
        assert all(re.fullmatch("[a-z][A-Za-z0-9_]*", q["id"]) for q in queries), name


def test_an_expression_names_its_metrics_and_no_other(watched: Deployment) -> None:
    for name, alarm in alarms(watched).items():
        queries = alarm.get("metricQueries", [])
        ids = {q["id"] for q in queries if "metric" in q}
        for query in queries:
            if "expression" in query:
                used = set(re.findall(r"[a-z]\w*", query["expression"]))
                assert used <= ids, name


def test_the_topic_hears_this_accounts_alarms_and_nobody_else(watched: Deployment) -> None:
    policy = json.loads(watched.one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Resource"] == [TOPIC_ARN]
    source = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": source},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_people_are_written_to(watched: Deployment) -> None:
    subscription = watched.one("aws:sns/topicSubscription:TopicSubscription").inputs
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "oncall@example.com")


def test_the_dashboard_draws_every_alarm_with_its_threshold(watched: Deployment) -> None:
    graphs = {w["properties"]["title"]: w["properties"] for w in widgets(watched, "metric")}
    lines = {title: graph["annotations"]["horizontal"] for title, graph in graphs.items()}
    assert sum(map(len, lines.values())) == len(alarms(watched))
    for alarm in alarms(watched).values():
        graph = graphs[alarm["alarmDescription"].partition(":")[0]]
        assert graph["annotations"]["horizontal"][0]["value"] == alarm["threshold"]
        drawn = {entry[1] for entry in graph["metrics"] if len(entry) > 1}
        queries = alarm.get("metricQueries", [{"metric": alarm}])
        assert drawn == {q["metric"]["metricName"] for q in queries if "metric" in q}


def test_a_graph_says_which_regions_metrics_it_draws_for_a_dashboard_belongs_to_none(
    watched: Deployment,
) -> None:
    assert {w["properties"]["region"] for w in widgets(watched, "metric")} == {"eu-west-1"}
    elsewhere = deploy(lambda: Observability("watch", arguments(region="eu-south-1")))
    assert {w["properties"]["region"] for w in widgets(elsewhere, "metric")} == {"eu-south-1"}
    name = watched.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardName"]
    assert name == "realtime-dev-watch"


def test_no_alarm_waits_for_metrics_by_route_which_api_gateway_does_not_send(
    watched: Deployment,
) -> None:
    for name, alarm in alarms(watched).items():
        for query in alarm.get("metricQueries", [{"metric": alarm}]):
            assert "Route" not in query.get("metric", {}).get("dimensions", {}), name


def test_no_two_graphs_overlap_and_none_leaves_the_page(watched: Deployment) -> None:
    places = [(w["x"], w["y"], w["width"], w["height"]) for w in widgets(watched)]
    for (x, y, width, height), (a, b, other_width, other_height) in combinations(places, 2):
        assert x + width <= a or a + other_width <= x or y + height <= b or b + other_height <= y
    assert all(x >= 0 and x + width <= 24 for x, _, width, _ in places)


def test_the_delivery_metrics_are_those_that_the_functions_write() -> None:
    written = (ROOT / "handlers/realtime/delivery/metrics.py").read_text(encoding="utf-8")
    for name in (*POSTS, "EventAge"):
        assert f'"{name}"' in written, name


def test_its_resources_keep_to_the_policy_pack(watched: Deployment) -> None:
    graph = [Resource(r.type, r.inputs) for r in watched.resources]
    assert [sentence for rule in RESOURCE_RULES for r in graph for sentence in rule(r)] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"http_rate_limit": 0},
        {"posts_per_second": -1},
        {"emails": ["nobody"]},
        {"services": []},
        {"services": [f"s{number}" for number in range(11)]},
        {"publishing_services": []},
        {"publishing_services": ["a", "b", "c"]},
    ],
)
def test_what_could_not_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        arguments(**changes)


def widgets(deployment: Deployment, kind: str | None = None) -> list[dict[str, Any]]:
    body = deployment.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"]
    return [w for w in json.loads(body)["widgets"] if kind in (None, w["type"])]
