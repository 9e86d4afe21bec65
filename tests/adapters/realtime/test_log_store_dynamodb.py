import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from handlers.realtime.every.log_store import DynamoLog
from handlers.realtime.model import Position, Update
from handlers.realtime.ports import Appended, Duplicate, Moved
from tests.adapters.realtime.conftest import TABLE

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

AT = 1_763_787_600_123
DAY = 86_400
EVENT = Update("order:1", {"n": 1}, 0, at=AT, id="charged")
NONE = {"Code": "None"}
CONDITION = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
KNOWN = {**CONDITION, "Item": {"epoch": {"N": "7"}, "number": {"N": "2"}}}
CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}


def test_the_log_has_the_documented_keys_and_attributes(dynamodb: "DynamoDBClient") -> None:
    asyncio.run(DynamoLog(dynamodb, TABLE).append(Position(5, 0), EVENT, expires_at=9_000))
    items = {item["SK"].get("S"): item for item in dynamodb.scan(TableName=TABLE)["Items"]}
    assert items == {
        "SEQ": {
            "PK": {"S": "LOG#order:1"},
            "SK": {"S": "SEQ"},
            "epoch": {"N": "5"},
            "number": {"N": "1"},
            "ttl": {"N": str(9_000 + 90 * DAY)},
        },
        "MSG#0000000000000001": {
            "PK": {"S": "LOG#order:1"},
            "SK": {"S": "MSG#0000000000000001"},
            "id": {"S": "charged"},
            "value": {"S": '{"n":1}'},
            "at": {"N": str(AT)},
            "expiresAt": {"N": "9000"},
            "ttl": {"N": "9000"},
        },
        "ID#charged": {
            "PK": {"S": "LOG#order:1"},
            "SK": {"S": "ID#charged"},
            "epoch": {"N": "5"},
            "number": {"N": "1"},
            "ttl": {"N": str(AT // 1000 + 30 * DAY)},
        },
    }


def test_more_messages_than_a_page_holds_are_read_page_by_page(
    dynamodb: "DynamoDBClient",
) -> None:
    # A page ends at 1 MB.
    log = DynamoLog(dynamodb, TABLE)

    async def run() -> list[list[int]]:
        for number in range(1, 7):
            event = Update("order:1", {"x": "e" * 250_000}, 0, at=AT, id=f"id{number}")
            assert await log.append(Position(5, number - 1), event, 9_000) == Appended(
                Position(5, number)
            )
        pages: list[list[int]] = []
        after: int | None = 0
        while after is not None:
            page = await log.read_messages("order:1", after, 6)
            pages.append([message.number for message in page.messages])
            after = page.after
        return pages

    pages = asyncio.run(run())
    assert len(pages) > 1
    assert [number for page in pages for number in page] == [1, 2, 3, 4, 5, 6]


def cancelled(client: "DynamoDBClient", *reasons: dict[str, Any]) -> Duplicate | Moved | Appended:
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": list(reasons)},
        )
        return asyncio.run(DynamoLog(client, TABLE).append(Position(5, 1), EVENT, 9_000))


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
@pytest.mark.parametrize("place", range(3))
def test_a_conflict_or_a_throttle_at_any_item_is_a_move(
    dynamodb: "DynamoDBClient", code: str, place: int
) -> None:
    reasons = [NONE] * 3
    reasons[place] = {"Code": code, "Message": "busy"}
    assert cancelled(dynamodb, *reasons) == Moved()


def test_a_known_id_outweighs_all_other_reasons(dynamodb: "DynamoDBClient") -> None:
    for other in (NONE, CONDITION, CONFLICT):
        assert cancelled(dynamodb, other, NONE, KNOWN) == Duplicate(Position(7, 2))


def test_a_reason_that_no_attempt_would_heal_is_raised(dynamodb: "DynamoDBClient") -> None:
    invalid = {"Code": "ValidationError", "Message": "The item is too large"}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        cancelled(dynamodb, NONE, invalid, NONE)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    ],
)
def test_a_throttled_transaction_is_a_move(dynamodb: "DynamoDBClient", code: str) -> None:
    with Stubber(dynamodb) as stubber:
        stubber.add_client_error("transact_write_items", code)
        appended = asyncio.run(DynamoLog(dynamodb, TABLE).append(Position(5, 1), EVENT, 9_000))
    assert appended == Moved()


def test_another_error_is_raised(dynamodb: "DynamoDBClient") -> None:
    with Stubber(dynamodb) as stubber:
        stubber.add_client_error("transact_write_items", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDeniedException"):
            asyncio.run(DynamoLog(dynamodb, TABLE).append(Position(5, 1), EVENT, 9_000))
