"""The WebSocket API as plain data, which a deployment is a snapshot of.

API Gateway serves the last deployment, not the current routes. A setting that is missing here can
change without a redeployment, and the change then silently has no effect. The addresses of the
functions are known to AWS alone: `stage` adds them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

DEFAULT = "$default"


@dataclass(frozen=True, kw_only=True)
class Route:
    key: str
    """The client's `action`, or one of API Gateway's own three."""

    integration: str
    """A function's module in `handlers/realtime/functions`, or a mock's name."""

    authorization: str = "NONE"

    replies: bool = False
    """Whether the integration's answer goes back to the client."""

    @property
    def name(self) -> str:
        return self.key.removeprefix("$")


@dataclass(frozen=True, kw_only=True)
class Mock:
    """An answer that costs no function. The template cannot see the request's own `id`."""

    request: str
    response: str
    selection_expression: str = r"\$default"


@dataclass(frozen=True, kw_only=True)
class Definition:
    route_selection_expression: str
    routes: tuple[Route, ...]
    mocks: Mapping[str, Mock]
    authorizer_type: str = "REQUEST"
    integration_type: str = "AWS_PROXY"


REALTIME = Definition(
    route_selection_expression="$request.body.action",
    routes=(
        Route(key="$connect", integration="connect", authorization="CUSTOM"),
        Route(key="$disconnect", integration="disconnect"),
        Route(key=DEFAULT, integration="messages", replies=True),
        Route(key="subscribe", integration="messages", replies=True),
        Route(key="unsubscribe", integration="messages", replies=True),
        Route(key="ping", integration="ping", replies=True),
    ),
    mocks={
        "ping": Mock(request='{"statusCode":200}', response='{"realtime":{"event":"pong"}}'),
    },
)


def fingerprint(definition: Definition) -> str:
    """Changes if and only if a setting does."""
    canonical = json.dumps(asdict(definition), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
