"""Every signal as data: the alarms and the dashboard are both made of it.

An alarm goes off after three minutes of five over its threshold, except where one message is
enough. Missing data is no alarm: an idle stack has no metrics.
"""

from collections.abc import Iterator

from ..resources.function import ERRORS_METRIC, metrics_namespace
from .args import METRICS_OF_AN_ALARM, ObservabilityArgs
from .signal import QUOTA_SHARE, Dimensions, Metric, Signal, one, share

OLDEST_MESSAGE_SECONDS = 60
EVENT_AGE_P95_MS = 5_000
AUTHORIZER_P95_MS = 1_000
GONE_SHARE_PERCENT = 50
REFUSED_SHARE_PERCENT = 50
FEW_CONNECTS = 5
# Each takes a request of the quota; of two services they are as many as an alarm can have.
POSTS = ("PostsDelivered", "PostsGone", "PostsSlow", "PostsFailed", "PostsUnanswered")


def signals(args: ObservabilityArgs) -> list[Signal]:
    return [
        *_web_socket(args),
        *_http(args),
        *_functions(args),
        *_queues(args),
        *_delivery(args),
    ]


def _web_socket(args: ObservabilityArgs) -> Iterator[Signal]:
    stage: Dimensions = {"ApiId": args.web_socket_api_id, "Stage": args.stage_name}
    # By stage and not by route: without detailed metrics, which cost, no route has any. A connect
    # that the authorizer or the throttle refuses is a ClientError and never counts as a connect.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
    connects, failed, refused = (
        Metric(namespace="AWS/ApiGateway", name=name, dimensions=stage)
        for name in ("ConnectCount", "IntegrationError", "ClientError")
    )
    tried = "(FILL(connects, 0) + FILL(refused, 0))"
    lost = "(FILL(failed, 0) + FILL(refused, 0))"
    yield Signal(
        key="connect-errors",
        title="Connects refused or failed, percent",
        group="WebSocket",
        metrics={"connects": connects, "failed": failed, "refused": refused},
        # A function that refuses a client answers 4xx too, so a few are no alarm.
        expression=f"IF({tried} > {FEW_CONNECTS}, 100 * {lost} / {tried}, 0)",
        threshold=REFUSED_SHARE_PERCENT,
        because="Most clients cannot connect. Refused before a function ran, which has a graph, is"
        " the authorizer or the throttle; otherwise read the log of the function `connect`.",
    )
    yield Signal(
        key="client-errors",
        title="Refused by the authorizer or the throttle, before a function ran",
        group="WebSocket",
        metrics={"m": refused},
    )
    yield one(
        "integration-errors",
        "Functions that API Gateway could not call",
        "WebSocket",
        Metric(namespace="AWS/ApiGateway", name="ExecutionError", dimensions=stage),
        0,
        "A route's function or the authorizer fails, is throttled or may not be invoked.",
    )
    yield from _clients(args)


def _clients(args: ObservabilityArgs) -> Iterator[Signal]:
    """By the functions' runs: API Gateway's own count of messages includes pushes."""
    if not args.function_names.keys() >= {"connect", "messages"}:
        return
    metrics = {
        title: Metric(
            namespace="AWS/Lambda",
            name="Invocations",
            dimensions={"FunctionName": args.function_names[title]},
        )
        for title in ("connect", "messages")
    }
    yield Signal(
        key="web-socket-quota",
        title="Connects and messages of clients a minute, without pings",
        group="WebSocket",
        metrics=metrics,
        expression=" + ".join(f"FILL({title}, 0)" for title in metrics),
        threshold=share(args.web_socket_rate_limit),
        because="80 percent of the WebSocket stage's throttle. Raise the limit of the region.",
    )


def _http(args: ObservabilityArgs) -> Iterator[Signal]:
    api: Dimensions = {"ApiId": args.http_api_id}
    yield one(
        "http-errors",
        "Requests answered 5xx",
        "HTTP",
        Metric(namespace="AWS/ApiGateway", name="5xx", dimensions=api),
        0,
        "Redirects or the links API fail. Read the access log, then the function's.",
    )
    yield one(
        "http-quota",
        "Requests a minute",
        "HTTP",
        Metric(namespace="AWS/ApiGateway", name="Count", dimensions=api),
        share(args.http_rate_limit),
        "80 percent of the HTTP stage's throttle. Raise the limit of the region.",
    )


def _functions(args: ObservabilityArgs) -> Iterator[Signal]:
    for title, name in args.function_names.items():
        of: Dimensions = {"FunctionName": name}
        yield one(
            f"function-{title}-errors",
            f"Errors of {title}",
            "Functions",
            Metric(namespace="AWS/Lambda", name="Errors", dimensions=of),
            0,
            f"The function {title} ends with an exception or runs out of time. Read its log.",
        )
    yield from _throttles(args)
    errors = {
        f"s{number}": Metric(
            namespace=metrics_namespace(service), name=ERRORS_METRIC, dimensions={}
        )
        for number, service in enumerate(args.services)
    }
    yield Signal(
        key="logged-errors",
        title="Errors in the logs of all functions",
        group="Functions",
        metrics=errors,
        expression=" + ".join(f"FILL({key}, 0)" for key in errors),
        threshold=0,
        because="A function logged an error; its client got no detail. Search the logs for ERROR.",
    )
    if "authorize" in args.function_names:
        of = {"FunctionName": args.function_names["authorize"]}
        yield one(
            "authorizer-latency",
            "Authorizer p95, ms",
            "Functions",
            Metric(namespace="AWS/Lambda", name="Duration", dimensions=of, statistic="p95"),
            AUTHORIZER_P95_MS,
            "Handshakes wait for the authorizer: cold starts, or an issuer that answers slowly.",
        )
    yield one(
        "concurrency-quota",
        "Executions at a time, all functions of the account",
        "Functions",
        Metric(
            namespace="AWS/Lambda", name="ConcurrentExecutions", dimensions={}, statistic="Maximum"
        ),
        args.lambda_concurrency * QUOTA_SHARE,
        "80 percent of the account's Lambda concurrency in this region. Ask for more.",
    )


def _throttles(args: ObservabilityArgs) -> Iterator[Signal]:
    """Ten functions an alarm: where one is throttled, the account has run out for all of them."""
    names = list(args.function_names.items())
    for number in range(0, len(names), METRICS_OF_AN_ALARM):
        some = names[number : number + METRICS_OF_AN_ALARM]
        metrics = {
            f"m{place}": Metric(
                namespace="AWS/Lambda", name="Throttles", dimensions={"FunctionName": name}
            )
            for place, (_, name) in enumerate(some)
        }
        yield Signal(
            key=f"throttles-{some[0][0]}",
            title=f"Throttles of {', '.join(title for title, _ in some)}",
            group="Functions",
            metrics=metrics,
            expression=" + ".join(f"FILL({key}, 0)" for key in metrics),
            threshold=0,
            because="Too little concurrency. Raise the account's, or what is reserved for one.",
        )


def _queues(args: ObservabilityArgs) -> Iterator[Signal]:
    for title, name in args.queue_names.items():
        yield one(
            f"queue-{title}-age",
            f"Oldest message of {title}, s",
            "Queues",
            Metric(
                namespace="AWS/SQS",
                name="ApproximateAgeOfOldestMessage",
                dimensions={"QueueName": name},
                statistic="Maximum",
            ),
            OLDEST_MESSAGE_SECONDS,
            f"The worker of {title} does not keep up or fails. Read its log.",
        )
    for title, name in args.kept_queue_names.items():
        yield one(
            f"kept-{title}",
            f"Messages in {title}",
            "Queues",
            Metric(
                namespace="AWS/SQS",
                name="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": name},
                statistic="Maximum",
            ),
            0,
            "They could not be handled, and are deleted fourteen days after they were sent. Fix"
            " the cause, then redrive the dead letters: realtime redrive",
            minutes=1,
        )


def _delivery(args: ObservabilityArgs) -> Iterator[Signal]:
    services = {f"s{number}": name for number, name in enumerate(args.publishing_services)}
    ages = {key: _own(service, "EventAge", statistic="p95") for key, service in services.items()}
    yield Signal(
        key="event-age",
        title="From the event to its last post, p95, ms",
        group="Delivery",
        metrics=ages,
        expression=f"MAX([{', '.join(f'FILL({key}, 0)' for key in ages)}])",
        threshold=EVENT_AGE_P95_MS,
        because="Screens lag behind. Look at the queues' age, then at posts a minute.",
    )
    posts = {
        f"{key}{name}": _own(service, name) for key, service in services.items() for name in POSTS
    }
    total = " + ".join(f"FILL({key}, 0)" for key in posts)
    gone = " + ".join(f"FILL({key}PostsGone, 0)" for key in services)
    yield Signal(
        key="gone-share",
        title="Posts that met a closed connection, percent",
        group="Delivery",
        metrics=posts,
        expression=f"IF(({total}) > 100, 100 * ({gone}) / ({total}), 0)",
        threshold=GONE_SHARE_PERCENT,
        because="Most posts meet closed connections: $disconnect does not clean up. Read its log.",
    )
    yield Signal(
        key="posts-quota",
        title="Posts a minute",
        group="Delivery",
        metrics=posts,
        expression=total,
        threshold=share(args.posts_per_second),
        because="80 percent of the workers' rate of posts. Raise the limit of the region.",
    )


def _own(service: str, name: str, *, statistic: str = "Sum") -> Metric:
    """A metric that a service's functions write."""
    return Metric(
        namespace=metrics_namespace(service),
        name=name,
        dimensions={"service": service},
        statistic=statistic,
    )
