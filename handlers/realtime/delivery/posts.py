"""The `Posts` of `ports` over the push client: the meaning of the management API's answers.

A connection's failure is an outcome, not an exception. Only a refusal of the caller itself is
raised, because from it nothing follows about any connection.
"""

import asyncio
import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, cast

from aws_lambda_powertools import Logger

from ... import aws
from ...signed_http.client import Answer, Failure, PushClient, Result
from ...signed_http.signature import Credentials
from ..model import Misconfigured, Outcome

CALL_SECONDS = 3.0
SOCKETS = 200
"""For one batch, as soon as answers take so long that fewer would not do."""

logger = Logger()

_OUTCOMES = {
    200: Outcome.DELIVERED,
    410: Outcome.GONE,
    413: Outcome.TOO_LARGE,
    429: Outcome.SLOW,
}
_FAILURES = {Failure.UNSTARTED: Outcome.UNSTARTED, Failure.UNANSWERED: Outcome.UNANSWERED}


@functools.cache
def management_posts(endpoint: str) -> "ManagementPosts":
    """One for each endpoint and process, on the kept event loop."""
    session = aws.session()
    credentials = session.get_credentials()
    if credentials is None:
        raise Misconfigured("posts are signed: the function must have credentials, as by its role")
    # botocore refreshes them before they expire, whenever it is asked; they are never empty.
    current = cast("Callable[[], Credentials]", credentials.get_frozen_credentials)
    client = PushClient(
        endpoint,
        region=session.region_name,
        credentials=current,
        concurrency=SOCKETS,
        tls=aws.tls(),
    )
    return ManagementPosts(client, endpoint)


class ManagementPosts:
    def __init__(self, client: PushClient, endpoint: str) -> None:
        self._client = client
        self._endpoint = endpoint

    async def post_all(
        self, connection_ids: Sequence[str], data: bytes, seconds: float
    ) -> Mapping[str, Outcome]:
        if not connection_ids:
            return {}
        results = await self._client.post_all(
            connection_ids, data, call_seconds=CALL_SECONDS, batch_seconds=seconds
        )
        outcomes = {connection_id: _outcome(result) for connection_id, result in results.items()}
        failures = Counter(
            _name(results[connection_id])
            for connection_id, outcome in outcomes.items()
            if outcome is Outcome.FAILED
        )
        if failures:  # one line a batch: an outage must not become a flood of them
            logger.warning("posts failed", extra={"failures": dict(failures)})
        return outcomes

    async def disconnect(self, connection_id: str) -> None:
        await asyncio.to_thread(self._delete, connection_id)

    def _delete(self, connection_id: str) -> None:
        client = aws.management(self._endpoint)
        try:
            client.delete_connection(ConnectionId=connection_id)
        except client.exceptions.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 403:
                _refused("disconnects", "DELETE", error)
            if status != 410:
                raise


def _outcome(result: Result) -> Outcome:
    if isinstance(result, Failure):
        return _FAILURES.get(result, Outcome.FAILED)
    if result.status == 403:
        _refused("posts", "POST")
    if result.status == 400 and b"connectionid" in result.body.replace(b" ", b"").lower():
        return Outcome.GONE  # no such id: it is no connection's
    return _OUTCOMES.get(result.status, Outcome.FAILED)


def _name(result: Result) -> str:
    return str(result.status) if isinstance(result, Answer) else result.value


def _refused(what: str, verb: str, error: Exception | None = None) -> NoReturn:
    raise Misconfigured(
        f"the management API refuses {what}: the function must be allowed"
        f" execute-api:ManageConnections with {verb} on the API and stage that its endpoint names"
    ) from error
