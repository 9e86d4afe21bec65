"""The states of `latest` channels in DynamoDB: one row each, `STATE#<channel>`."""

from typing import TYPE_CHECKING

from .. import table
from ..model import State, Update
from ..ports import CoolingDown, Deferred, Led, Superseded
from . import writes

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


class DynamoStates:
    """`StateStore` of `ports`."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    async def read_state(self, channel: str) -> State | None:
        item = await table.read(self._client, self._table, table.state_key(channel))
        return table.state(channel, item) if item else None

    async def lead(
        self, update: Update, now_ms: int, interval_ms: int
    ) -> Led | CoolingDown | Superseded:
        request = writes.lead(update, now_ms, interval_ms)
        written, item = await table.update(self._client, self._table, request)
        return writes.led(update, item, written=written)

    async def defer(self, update: Update, token: str) -> Deferred | Superseded:
        request = writes.defer(update, token)
        written, item = await table.update(self._client, self._table, request)
        return writes.deferred(item, written=written)

    async def trail(self, channel: str, token: str, now_ms: int, interval_ms: int) -> State | None:
        request = writes.trail(channel, token, now_ms, interval_ms)
        written, item = await table.update(self._client, self._table, request)
        return writes.trailed(channel, item, written=written)

    async def set_interval(self, channel: str, interval_ms: int) -> None:
        await table.update(self._client, self._table, writes.set_interval(channel, interval_ms))
