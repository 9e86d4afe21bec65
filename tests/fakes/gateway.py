"""API Gateway in front of the functions of a WebSocket API, and of `POST /tickets`.

It hands the authorizer's context on as texts, as the real one does, and its clock is set by hand.
"""

import json
from collections.abc import Mapping
from typing import Any

from handlers.realtime.functions import authorize, connect, disconnect, messages, ticket

from .links import http_event
from .protocol import valid

ARN = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/$connect"
CONTEXT = object()
OPEN = 101


class Clock:
    """Stands in for the module `time` in a function's module."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def time_ns(self) -> int:
        return self.now_ms * 1_000_000


class Gateway:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._contexts: dict[str, dict[str, str]] = {}

    def open(
        self,
        connection_id: str,
        query: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str | list[str]] | None = None,
    ) -> int:
        """Status of the handshake; 101 opens the socket."""
        request = self._event(connection_id, "CONNECT", "$connect")
        request |= {
            "multiValueQueryStringParameters": _lists(query),
            "multiValueHeaders": _lists({"Host": "abcdef1234.example.com", **(headers or {})}),
        }
        answer = authorize.handler({**request, "type": "REQUEST", "methodArn": ARN}, CONTEXT)
        (statement,) = answer["policyDocument"]["Statement"]
        assert statement["Resource"] == ARN
        assert all(isinstance(value, str) for value in answer["context"].values())
        if statement["Effect"] == "Deny":
            assert answer["context"] == {"principal": "anonymous"}
            return 403
        context = {**answer["context"], "principalId": answer["principalId"]}
        self._contexts[connection_id] = request["requestContext"]["authorizer"] = context
        status = connect.handler(request, CONTEXT)["statusCode"]
        return OPEN if status == 200 else status

    def say(self, connection_id: str, **message: Any) -> dict[str, Any]:
        """The reply's reserved key."""
        event = self._event(connection_id, "MESSAGE", message["action"])
        answer = messages.handler({**event, "body": json.dumps(message)}, CONTEXT)
        return valid("control", answer["body"])["realtime"]

    def close(self, connection_id: str) -> None:
        disconnect.handler(self._event(connection_id, "DISCONNECT", "$disconnect"), CONTEXT)

    def post_ticket(self, claims: Mapping[str, Any], body: object = None) -> dict[str, Any]:
        text = None if body is None else json.dumps(body)
        event = http_event("POST", "/tickets", owner="", body=text)
        texts = {name: str(value) for name, value in claims.items()}
        event["requestContext"]["authorizer"]["jwt"]["claims"] = texts
        answer = ticket.handler(event, CONTEXT)
        assert answer["statusCode"] == 201, answer
        return valid("ticket", answer["body"])

    def _event(self, connection_id: str, kind: str, route: str) -> dict[str, Any]:
        return {
            "requestContext": {
                "routeKey": route,
                "eventType": kind,
                "authorizer": self._contexts.get(connection_id, {}),
                "connectedAt": self._clock.now_ms,
                "connectionId": connection_id,
                "apiId": "abcdef1234",
            }
        }


def _lists(values: Mapping[str, str | list[str]] | None) -> dict[str, list[str]] | None:
    """API Gateway sends null, not {}, where there is nothing."""
    listed = {name: [v] if isinstance(v, str) else v for name, v in (values or {}).items()}
    return listed or None
