"""The recorder replaces private names of MiniStack: an update may take them away."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.services import dynamodb, eventbridge, lambda_svc, sqs, sts

from bench.clicks import recorder
from bench.clicks.records import CLIENT, PATH


def test_what_is_replaced_is_there() -> None:
    for module, name in (
        (app, "app"),
        (app, "main"),
        (dynamodb, "handle_request"),
        (dynamodb, "_get_item_by_key"),
        (dynamodb, "_tables"),
        (eventbridge, "handle_request"),
        (sqs, "handle_request"),
        (sts, "register_session"),
        (lambda_svc, "_execute_function_dispatch"),
        (lambda_svc, "_ESM_IDLE_WAKE_GAP_SECONDS"),
    ):
        assert hasattr(module, name), f"{module.__name__}.{name}"


def test_posts_are_counted_by_who_made_them_and_handed_out_once() -> None:
    async def emulator(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI
        await send({"type": "http.response.start", "status": 410, "headers": []})

    served = recorder.management(emulator)
    path = "/_aws/execute-api/api/dev/@connections/abc"
    asyncio.run(_asked(served, "POST", path))
    (call,) = _records(served)["calls"]
    assert (call["operation"], call["status"], call["caller"]) == ("POST", 410, CLIENT)
    assert _records(served) == {"calls": [], "executions": []}


def _records(served: Any) -> Mapping[str, Any]:
    return json.loads(asyncio.run(_asked(served, "GET", PATH)))


async def _asked(served: Any, method: str, path: str) -> bytes:
    sent = list[dict[str, Any]]()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await served({"type": "http", "method": method, "path": path, "headers": []}, None, send)
    return b"".join(message.get("body", b"") for message in sent)
