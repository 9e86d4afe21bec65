"""Counts in the emulator what a bill counts: calls, capacity units, posts, invocations, batches.

It replaces functions of MiniStack by ones that count and call them, private ones too: MiniStack is
pinned, and a name that is missing fails at the start. MiniStack bills every read as one unit and a
refused write as none, so these two are computed here.
"""

import functools
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, cast

from ministack import app as ministack
from ministack.services import dynamodb, eventbridge, lambda_svc, sqs, sts

from . import units
from .records import CLIENT, PATH, Call, Execution

IDLE_GAP_SECONDS = 0.005
"""MiniStack pauses 50 ms between looks into an empty queue, which would hide what is measured."""

_CREDENTIAL = re.compile(r"Credential=([^/]+)/")

Answer = tuple[int, Mapping[str, str], bytes]
Handler = Callable[..., Awaitable[Answer]]


_records: list[Call | Execution] = []
_functions: dict[str, str] = {}
"""Access key of a role's session to the function that uses it."""


def serve() -> None:
    """Runs MiniStack, counting, until it is told to end."""
    tables: Any = dynamodb
    tables.handle_request = _dynamodb(tables.handle_request)
    cast("Any", sqs).handle_request = _entries("sqs", cast("Any", sqs).handle_request)
    cast("Any", eventbridge).handle_request = _entries(
        "events", cast("Any", eventbridge).handle_request
    )
    sessions: Any = sts
    sessions.register_session = _sessions(sessions.register_session)
    functions: Any = lambda_svc
    functions._execute_function_dispatch = _executions(functions._execute_function_dispatch)
    assert functions._ESM_IDLE_WAKE_GAP_SECONDS == 0.05
    functions._ESM_IDLE_WAKE_GAP_SECONDS = IDLE_GAP_SECONDS
    emulator: Any = ministack
    emulator.app = management(emulator.app)
    emulator.main()


def _dynamodb(original: Handler) -> Handler:
    @functools.wraps(original)
    async def handle(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Answer:
        operation = _operation(headers)
        if operation not in units.OPERATIONS:
            return await original(method, path, headers, body, query)
        request = {**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}
        status, sent, answered = await original(
            method, path, headers, json.dumps(request).encode(), query
        )
        answer = json.loads(answered)
        write_units, read_units = units.consumed(operation, request, answer, _item)
        _records.append(
            Call(
                _caller(headers.get("authorization", "")),
                "dynamodb",
                operation,
                status,
                write_units=write_units,
                read_units=read_units,
            )
        )
        return status, sent, answered

    return handle


def _item(table_name: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tables: Any = dynamodb
    table = tables._tables[table_name]
    return tables._get_item_by_key(table, {name: key[name] for name in ("PK", "SK")})


def _entries(service: str, original: Handler) -> Handler:
    @functools.wraps(original)
    async def handle(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Answer:
        answer = await original(method, path, headers, body, query)
        operation = _operation(headers)
        entries = len(json.loads(body).get("Entries", "1")) if operation else 1
        caller = _caller(headers.get("authorization", ""))
        _records.append(Call(caller, service, operation, answer[0], entries))
        return answer

    return handle


def _sessions(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def register(access_key: str, session: Mapping[str, str], *rest: Any, **named: Any) -> None:
        _functions[access_key] = session["Arn"].rpartition("/")[2]
        original(access_key, session, *rest, **named)

    return register


def _executions(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def execute(function: Any, config: Mapping[str, Any], event: Any, *rest: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(function, config, event, *rest)
        finally:
            _records.append(
                Execution(
                    config["FunctionName"],
                    time.perf_counter() - started,
                    int(config["MemorySize"]),
                    len(event.get("Records", ())),
                )
            )

    return execute


def management(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Counts what is asked of @connections, and hands out the records."""

    async def app(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await _hand_out(send)
        elif scope["type"] == "http" and "/@connections/" in scope["path"]:
            await original(scope, receive, _counting(scope, send))
        else:
            await original(scope, receive, send)

    return app


def _counting(scope: Mapping[str, Any], send: Any) -> Callable[[Any], Awaitable[None]]:
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")

    async def counted(message: Any) -> None:
        if message["type"] == "http.response.start":
            caller, status = _caller(authorization), message["status"]
            _records.append(Call(caller, "execute-api", scope["method"], status))
        await send(message)

    return counted


async def _hand_out(send: Any) -> None:
    """All records since the last time."""
    taken = _records[:]
    del _records[: len(taken)]
    kinds = {Call: "calls", Execution: "executions"}
    answer: dict[str, list[Any]] = {"calls": [], "executions": []}
    for record in taken:
        answer[kinds[type(record)]].append(asdict(record))
    body = json.dumps(answer).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _operation(headers: Mapping[str, str]) -> str:
    return headers.get("x-amz-target", "").rpartition(".")[2]


def _caller(authorization: str) -> str:
    found = _CREDENTIAL.search(authorization)
    return _functions.get(found[1], CLIENT) if found else CLIENT
