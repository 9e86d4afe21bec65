"""Single-use tickets: the credentials of a browser, which can set no header in its handshake.

The table holds the ticket's hash, so that a reader of the table cannot connect. A ticket stands for
its principal in any hands, hence its thirty seconds and its single use.
"""

import hashlib
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from .. import table
from .principal import Identity

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

TICKET = re.compile(r"[A-Za-z0-9_-]{43}")
TICKET_MS = 30_000
KEPT_SECONDS = 3600
"""Time after its issue that a ticket's row is kept, for investigations alone."""


def new_ticket() -> str:
    """256 bits of chance."""
    return secrets.token_urlsafe(32)


class TicketStore:
    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def put(self, ticket: str, identity: Identity, now_ms: int) -> int:
        """Returns when the ticket ends, in ms."""
        expires_at = now_ms + TICKET_MS
        item: dict[str, Any] = {
            **_key(ticket),
            "principal": {"S": identity.principal},
            "claims": {"S": json.dumps(identity.claims)},
            "issuedAt": table.number(identity.issued_at),
            "tokenExpiresAt": table.number(identity.expires_at),
            "expiresAt": table.number(expires_at),
            "ttl": table.number(now_ms // 1000 + KEPT_SECONDS),
        }
        if identity.bound_to is not None:
            item["boundTo"] = {"SS": sorted(identity.bound_to)}
        self._client.put_item(TableName=self._table, Item=item)
        return expires_at

    def use(self, ticket: str, connection_id: str, now_ms: int) -> Identity | None:
        """The ticket's principal; None if it is unknown, its time is over, or it was used before.

        The connection that used it may do so again: API Gateway may repeat a handshake.
        """
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(ticket),
                UpdateExpression="SET #usedBy = :connection",
                ConditionExpression="#expiresAt > :now"
                " AND (attribute_not_exists(#usedBy) OR #usedBy = :connection)",
                ExpressionAttributeNames={"#expiresAt": "expiresAt", "#usedBy": "usedBy"},
                ExpressionAttributeValues={
                    ":connection": {"S": connection_id},
                    ":now": table.number(now_ms),
                },
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return _identity(answer["Attributes"])


def _key(ticket: str) -> table.Key:
    digest = hashlib.sha256(ticket.encode()).hexdigest()
    return {"PK": {"S": f"TICKET#{digest}"}, "SK": {"S": "TICKET"}}


def _identity(item: table.Item) -> Identity:
    return Identity(
        principal=item["principal"]["S"],
        claims=json.loads(item["claims"]["S"]),
        issued_at=int(item["issuedAt"]["N"]),
        expires_at=int(item["tokenExpiresAt"]["N"]),
        bound_to=frozenset(item["boundTo"]["SS"]) if "boundTo" in item else None,
    )
