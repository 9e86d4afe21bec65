"""The RealtimeApis of a deployed program, by their outputs and their functions' variables."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import Deployment, State

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
API = "aws:apigatewayv2/api:Api"
LOOPBACK = tuple(
    f"{scheme}://{host}{port}"
    for scheme in ("http", "https")
    for host in ("localhost", "127.0.0.1", "[::1]")
    for port in ("", ":*")
)
"""Pages that a developer serves on this machine, on any port."""

# A ':' inside braces belongs to the claim's name, as in Cognito's `custom:tenant`.
_SEPARATOR = re.compile(r":(?![^{}]*\})")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A channel rule, as much of it as the command needs."""

    pattern: str
    access: str
    publishers: Sequence[str] = ()

    def fits(self, channel: str) -> bool:
        own, given = _SEPARATOR.split(self.pattern), channel.split(":")
        return len(own) == len(given) and all(
            bool(text) if segment == "*" or segment.startswith("{") else segment == text
            for segment, text in zip(own, given, strict=True)
        )

    @property
    def example(self) -> str:
        """A channel that the rule fits."""
        segments = _SEPARATOR.split(self.pattern)
        return ":".join("first" if s == "*" or s.startswith("{") else s for s in segments)


@dataclass(frozen=True, kw_only=True)
class Api:
    """One RealtimeApi."""

    name: str
    endpoint: str
    publish_queue_url: str
    rules: Sequence[Rule]
    allowed_origins: Sequence[str] = ()
    """Empty where every origin may connect."""
    publish_logs: str = ""
    """Log group of the function that publishes."""

    def rule(self, channel: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.fits(channel)), None)

    def describe_rules(self) -> str:
        return ", ".join(f"{rule.pattern} ({rule.access})" for rule in self.rules)


def found(deployment: Deployment, state: State) -> list[Api]:
    """The deployment's, in the order in which its program declares them."""
    functions, groups = state.of(FUNCTION), state.of(LOG_GROUP)
    apis: list[Api] = []
    for name, outputs in deployment.components.items():
        authorizer = functions.get(f"{name}-authorize-function")
        if authorizer is None or not {"endpoint", "publish_queue_url"} <= outputs.keys():
            continue
        variables: Mapping[str, str] = authorizer.inputs["environment"]["variables"]
        apis.append(
            Api(
                name=name,
                endpoint=outputs["endpoint"],
                publish_queue_url=outputs["publish_queue_url"],
                rules=rules(variables["CHANNEL_RULES"]),
                allowed_origins=json.loads(variables["ALLOWED_ORIGINS"]),
                publish_logs=groups[f"{name}-publish-logs"].id,
            )
        )
    return apis


def rules(text: str) -> list[Rule]:
    """By the variable that the functions read."""
    return [
        Rule(
            pattern=entry["pattern"],
            access=entry["access"],
            publishers=entry.get("publishers") or (),
        )
        for entry in json.loads(text)
    ]


def allowing(origins: Sequence[str], type_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a resource, changed so that pages of these origins and of this machine connect.

    A program that lists no origins lets every origin in already.
    """
    if type_ == FUNCTION:
        environment: dict[str, Any] = inputs.get("environment") or {}
        variables: dict[str, str] = environment.get("variables") or {}
        listed: list[str] = json.loads(variables.get("ALLOWED_ORIGINS", "[]"))
        if listed:
            every = json.dumps([*listed, *LOOPBACK, *origins])
            more = {**variables, "ALLOWED_ORIGINS": every}
            return {**inputs, "environment": {**environment, "variables": more}}
    if type_ == API and (cors := inputs.get("corsConfiguration")):
        # API Gateway knows no wildcard for a port, and the emulator none either.
        return {**inputs, "corsConfiguration": {**cors, "allowOrigins": ["*"]}}
    return inputs
