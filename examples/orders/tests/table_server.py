"""The local cloud's DynamoDB in this process: real conditions and transactions, and no network.

Ten times as fast as moto, which the stores are tested on too. It goes by the one function that
serves all of MiniStack's requests to DynamoDB.
"""

import asyncio
import functools
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import boto3
from ministack.services import dynamodb

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


@contextmanager
def empty_tables() -> Generator["DynamoDBClient"]:
    """A client with the form of boto3's, and its errors."""
    dynamodb.reset()
    with asyncio.Runner() as runner:
        yield cast("DynamoDBClient", _Client(_model(), runner))
    dynamodb.reset()


@functools.cache
def _model() -> Any:
    """Names the operations and makes the errors; it is never called."""
    return boto3.Session("test", "test").client("dynamodb", region_name="eu-central-1")


class _Client:
    def __init__(self, model: Any, runner: asyncio.Runner) -> None:
        self._operations: dict[str, str] = model.meta.method_to_api_mapping
        self._runner = runner
        self.exceptions = model.exceptions

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return functools.partial(self._call, self._operations[method])

    def _call(self, operation: str, **request: Any) -> Any:
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        body = json.dumps(request).encode()
        status, text = self._runner.run(_served(headers, body))
        response: dict[str, Any] = json.loads(text)
        if status < 400:
            return response
        code = response["__type"].rpartition("#")[2]
        error = {"Code": code, "Message": response.get("message", "")}
        raise self.exceptions.from_code(code)({**response, "Error": error}, operation)


async def _served(headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    serve = cast("Any", dynamodb).handle_request
    status, _, text = await serve("POST", "/", headers, body, {})
    return status, text
