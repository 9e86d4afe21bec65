"""Posts to connections through API Gateway's management API, by boto3 and threads.

A connection's failure is an outcome, not an exception. Only a refusal of the caller itself is
raised, because from it nothing follows about any connection.
"""

import asyncio
import functools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from .ports import Misconfigured, Outcome

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

WORKERS = 32

logger = Logger()


@functools.cache
def management_posts(endpoint: str) -> "ManagementPosts":
    """One for each endpoint and process, with its threads; the first call loads boto3."""
    import boto3  # noqa: PLC0415 - half of a cold start, so only where it is needed
    from botocore.config import Config  # noqa: PLC0415 - see above

    config = Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=WORKERS,
    )
    client = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)
    return ManagementPosts(client, ThreadPoolExecutor(WORKERS, thread_name_prefix="post"))


class ManagementPosts:
    """The `Posts` of `ports`, over a client and an executor that the caller owns."""

    def __init__(
        self, client: "ApiGatewayManagementApiClient", executor: ThreadPoolExecutor
    ) -> None:
        self._client = client
        self._executor = executor

    async def post_all(self, connection_ids: Sequence[str], data: bytes) -> Mapping[str, Outcome]:
        loop = asyncio.get_running_loop()
        results = await asyncio.gather(
            *(
                loop.run_in_executor(self._executor, self._post, connection_id, data)
                for connection_id in connection_ids
            ),
            return_exceptions=True,
        )
        outcomes: dict[str, Outcome] = {}
        for connection_id, result in zip(connection_ids, results, strict=True):
            if isinstance(result, BaseException):
                raise result
            outcomes[connection_id] = result
        return outcomes

    def _post(self, connection_id: str, data: bytes) -> Outcome:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with the client

        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=data)
        except ClientError as error:
            return _refused(connection_id, error)
        except BotoCoreError as error:
            return _failed(connection_id, type(error).__name__)
        return Outcome.DELIVERED


def _refused(connection_id: str, error: "ClientError") -> Outcome:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == 403:
        raise Misconfigured(
            f"the management API refuses posts with {code}: the function must be allowed"
            " execute-api:ManageConnections on the API and stage that its endpoint names"
        ) from error
    if status == 410 or code == "GoneException":
        return Outcome.GONE
    if status == 400 and "connectionid" in message.replace(" ", "").lower():
        return Outcome.GONE
    return _failed(connection_id, code or type(error).__name__)


def _failed(connection_id: str, error: str) -> Outcome:
    logger.warning("post failed", extra={"connection_id": connection_id, "error": error})
    return Outcome.FAILED
