"""The rules, each a plain function from a resource's inputs to their violations.

An input that only the update will know ends the rule that reads it, without a word: the update asks
the same rule again. To ask whether an input is given is to read it; `_given` only looks at names.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, cast

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError  # the package itself has no name for it

ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"
API = "aws:apigatewayv2/api:Api"
TABLE = "aws:dynamodb/table:Table"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
KEY = "aws:kms/key:Key"
IDENTITY_POLICIES = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
RESOURCE_POLICIES = ("aws:sqs/queuePolicy:QueuePolicy", "aws:sns/topicPolicy:TopicPolicy")

STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
CONNECTIONS = re.compile(
    r"arn:[^:]+:execute-api:[^:*]+:[^:*]+:[^/*]+/[^/*]+/(?:GET|POST|DELETE)/@connections/.*"
)
"""One API, one stage, one verb: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html"""

Inputs = Mapping[str, Any]
Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    type: str
    inputs: Inputs


def connects_are_authorized(resource: Resource) -> Iterator[str]:
    """$connect asks an authorizer: a connection that is open may stay open for two hours."""
    if resource.type != ROUTE or resource.inputs.get("routeKey") != "$connect":
        return
    kind = resource.inputs.get("authorizationType", "NONE")
    has_authorizer = "authorizerId" in _given(resource.inputs)
    if kind == "NONE" or not has_authorizer:
        yield (
            f"the route $connect must have an authorizer, got authorizationType {kind} and"
            f" {'an' if has_authorizer else 'no'} authorizerId: without one every client may hold"
            " a connection. Set authorization_type and authorizer_id."
        )


def pushes_are_scoped(resource: Resource) -> Iterator[str]:
    """A role that may post to connections may do so on one API and stage, with one verb."""
    if resource.type not in IDENTITY_POLICIES:
        return
    for statement in _statements(resource.inputs):
        if not any("ManageConnections" in action for action in _texts(statement, "Action")):
            continue
        for arn in _texts(statement, "Resource"):
            if not CONNECTIONS.fullmatch(arn):
                yield (
                    "execute-api:ManageConnections must name API, stage and verb, as in"
                    f" arn:aws:execute-api:<region>:<account>:<api>/<stage>/POST/@connections/*,"
                    f" got {arn!r}: it would reach the browsers of other APIs."
                    " Use the component's grants."
                )


def actions_are_named(resource: Resource) -> Iterator[str]:
    """No policy allows every action of a service."""
    if resource.type not in IDENTITY_POLICIES:
        return
    for statement in _statements(resource.inputs):
        for action in _texts(statement, "Action"):
            if statement.get("Effect") == "Allow" and action.rpartition(":")[2] == "*":
                yield (
                    f"a policy must name its actions, got {action!r}: the role may do what AWS adds"
                    " to the service later. List the actions that it needs."
                )


def invocations_name_their_source(resource: Resource) -> Iterator[str]:
    """A service may invoke a function for one resource of this account only."""
    if resource.type == PERMISSION and "sourceArn" not in _given(resource.inputs):
        principal = resource.inputs.get("principal")
        yield (
            f"a permission for {principal} must have a sourceArn, got none: every account's"
            " resources could invoke the function through that service. Set source_arn."
        )


def services_name_their_source(resource: Resource) -> Iterator[str]:
    """A service may write to a queue or topic for one resource of this account only."""
    if resource.type not in RESOURCE_POLICIES:
        return
    for statement in _statements(resource.inputs):
        principal = cast("Any", statement.get("Principal"))
        if not isinstance(principal, Mapping) or "Service" not in principal:
            continue
        if statement.get("Effect") == "Allow" and "aws:SourceArn" not in json.dumps(
            statement.get("Condition", {})
        ):
            yield (
                "a statement for a service must have a condition on aws:SourceArn, got none for"
                f" {principal['Service']}: the service would write for every account."
                " Add one with the ARN of the rule, topic or alarm."
            )


def rows_expire(resource: Resource) -> Iterator[str]:
    """A table of connections deletes by itself the rows whose $disconnect never came."""
    if resource.type != TABLE:
        return
    ttl = cast("Inputs", resource.inputs.get("ttl") or {})
    if not ttl.get("enabled") or not ttl.get("attributeName"):
        yield (
            "a table must have a TTL attribute, got none: $disconnect is best effort, and rows"
            " that nothing deletes are posted to for ever. Set ttl with attribute_name and enabled."
        )


def stages_are_throttled(resource: Resource) -> Iterator[str]:
    """One API cannot use up the quota that the account's APIs share in the region."""
    if resource.type != STAGE:
        return
    routes = cast("Inputs", resource.inputs.get("defaultRouteSettings") or {})
    for limit in ("throttlingRateLimit", "throttlingBurstLimit"):
        if not routes.get(limit):
            yield (
                f"a stage must set {limit}, got {routes.get(limit)}: the limit would be the"
                " account's, which all of its APIs share. Set it in default_route_settings."
            )


def frames_stay_out_of_logs(resource: Resource) -> Iterator[str]:
    """Neither frames nor handshakes are written to a log, in no stage: they hold tokens."""
    if resource.type != STAGE:
        return
    settings = [cast("Inputs", resource.inputs.get("defaultRouteSettings") or {})]
    settings += cast("Sequence[Inputs]", resource.inputs.get("routeSettings") or [])
    for route in settings:
        if route.get("dataTraceEnabled"):
            yield (
                "dataTraceEnabled must be off, got true: it writes every frame and every"
                " handshake's query string to the log. Log ids in the functions."
            )


def keys_stay_in_the_account(resource: Resource) -> Iterator[str]:
    """A key's own policy lets its own account use it, and no other."""
    if resource.type != KEY:
        return
    for statement in _statements(resource.inputs):
        principal = cast("Any", statement.get("Principal"))
        everybody = principal == "*" or (
            isinstance(principal, Mapping) and "*" in _texts(cast("Statement", principal), "AWS")
        )
        if everybody and "kms:CallerAccount" not in json.dumps(statement.get("Condition", {})):
            yield (
                "a key's statement for everybody must have a condition on kms:CallerAccount, got"
                " none: every account could use the key. Add one with the account's id."
            )


def logs_expire(resource: Resource) -> Iterator[str]:
    """No log is kept, or paid for, for ever."""
    if resource.type == LOG_GROUP and not resource.inputs.get("retentionInDays"):
        yield (
            "a log group must have retentionInDays, got none: CloudWatch keeps it for ever."
            " Set retention_in_days."
        )


def functions_log_where_it_expires(resource: Resource) -> Iterator[str]:
    """A function that names no log group gets one that never expires."""
    if resource.type != FUNCTION:
        return
    logging = cast("Inputs", resource.inputs.get("loggingConfig") or {})
    if "logGroup" not in _given(logging):
        yield (
            "a function must name its log group, got none: Lambda makes one without retention."
            " Set logging_config with a log group of the program."
        )


def stage_names_are_plain(resource: Resource) -> Iterator[str]:
    """A stage's name is part of the address that clients connect to."""
    if resource.type != STAGE:
        return
    name: str = resource.inputs["name"]
    if name != "$default" and not STAGE_NAME.fullmatch(name):
        yield (
            f"a stage's name must be letters, digits, '-' and '_', got {name!r}: clients could not"
            " connect to it. Rename the stage."
        )


def web_socket_apis_route_connects(resources: Sequence[Resource]) -> Iterator[str]:
    """Every WebSocket API has a $connect route: without one it accepts every connection."""
    apis = [r for r in resources if r.type == API and r.inputs.get("protocolType") == "WEBSOCKET"]
    connects = [r for r in resources if r.type == ROUTE and r.inputs.get("routeKey") == "$connect"]
    if len(apis) > len(connects):
        yield (
            f"every WebSocket API must have a route $connect, got {len(apis)} of the former and"
            f" {len(connects)} of the latter: without an authorizer every client may connect."
            " Add the route, with an authorizer."
        )


RESOURCE_RULES: Sequence[Callable[[Resource], Iterator[str]]] = (
    connects_are_authorized,
    pushes_are_scoped,
    actions_are_named,
    invocations_name_their_source,
    services_name_their_source,
    rows_expire,
    stages_are_throttled,
    frames_stay_out_of_logs,
    keys_stay_in_the_account,
    logs_expire,
    functions_log_where_it_expires,
    stage_names_are_plain,
)
STACK_RULES: Sequence[Callable[[Sequence[Resource]], Iterator[str]]] = (
    web_socket_apis_route_connects,
)


def policies() -> list[Policy]:
    """All of them mandatory. A rule that one stack cannot keep is switched off by its owner."""
    level = EnforcementLevel.MANDATORY
    return [
        *(
            ResourceValidationPolicy(_name(rule), rule.__doc__ or "", _on_resource(rule), level)
            for rule in RESOURCE_RULES
        ),
        *(
            StackValidationPolicy(_name(rule), rule.__doc__ or "", _on_stack(rule), level)
            for rule in STACK_RULES
        ),
    ]


def _on_resource(
    rule: Callable[[Resource], Iterator[str]],
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _tell(rule(Resource(args.resource_type, args.props)), report)

    return validate


def _on_stack(
    rule: Callable[[Sequence[Resource]], Iterator[str]],
) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        _tell(rule([Resource(r.resource_type, r.props) for r in args.resources]), report)

    return validate


def _tell(sentences: Iterator[str], report: ReportViolation) -> None:
    # Pulumi would tell of each rule that has to wait, which in a new stack's preview are dozens.
    with contextlib.suppress(UnknownValueError):
        for sentence in sentences:
            report(sentence, None)


def _name(rule: Callable[..., Iterator[str]]) -> str:
    return rule.__name__.replace("_", "-")


def _given(inputs: Inputs) -> Set[str]:
    """The names that have a value, known or not. `in` would read the value."""
    return set(inputs)


def _statements(inputs: Inputs) -> Sequence[Statement]:
    """Of the input `policy`."""
    found: Any = json.loads(inputs["policy"])["Statement"]
    return cast("list[Statement]", found if isinstance(found, list) else [found])


def _texts(statement: Statement, key: str) -> Sequence[str]:
    found = statement.get(key, [])
    return [found] if isinstance(found, str) else found
