"""The permissions of each function of a RealtimeApi, and of its consumers; none has more."""

from dataclasses import dataclass

import pulumi

from ..resources import policies
from .queues import Queues

REJECTED_DETAIL_TYPE = "realtime.publish.refused"
OWN_SOURCE = "realtime"


@dataclass(frozen=True)
class Policies:
    """JSON documents over one RealtimeApi's table, its queues and one stage of its API."""

    table_arn: pulumi.Output[str]
    execution_arn: pulumi.Output[str]
    stage_name: str
    queues: Queues

    def connect(self) -> pulumi.Output[str]:
        """Write a connection, and hand to the workers the messages that its handshake missed."""
        return policies.document(self._table("PutItem", "GetItem"), self._send_task())

    def issue_ticket(self) -> pulumi.Output[str]:
        return policies.document(self._tickets("PutItem"))

    def use_ticket(self) -> pulumi.Output[str]:
        return policies.document(self._tickets("UpdateItem"))

    def end_sessions(self) -> pulumi.Output[str]:
        """Find connections, delete their rows, close them, and note that it was done."""
        return policies.document(
            self._table("PutItem", "GetItem", "Query", "DeleteItem", "BatchWriteItem"),
            self._connections("DELETE"),
        )

    def delete_connection(self) -> pulumi.Output[str]:
        return policies.document(self._table("DeleteItem", "BatchWriteItem"))

    def subscribe(self) -> pulumi.Output[str]:
        """Subscribe, unsubscribe, and read current and missed messages."""
        return policies.document(
            self._table("UpdateItem", "PutItem", "GetItem", "DeleteItem", "Query")
        )

    def append(self) -> pulumi.Output[str]:
        """Append to a channel's log, and report rejections. It goes with `publish`."""
        rejected = policies.put_events(
            self.queues.bus_arn, source=OWN_SOURCE, detail_type=REJECTED_DETAIL_TYPE
        )
        return policies.document(self._table("PutItem"), rejected)

    def publish(self) -> pulumi.Output[str]:
        """Post, and hand to the workers the posts that take too long."""
        return policies.document(
            self._table("UpdateItem", "GetItem", "Query", "DeleteItem", "BatchWriteItem"),
            self._connections("POST"),
            self._send_task(),
        )

    def disconnect(self) -> pulumi.Output[str]:
        return policies.document(self._connections("DELETE"))

    def inspect(self) -> pulumi.Output[str]:
        return policies.document(self._connections("GET"))

    def send(self) -> pulumi.Output[str]:
        return policies.document(policies.allow(["sqs:SendMessage"], [self.queues.publish.arn]))

    def _table(self, *actions: str) -> policies.Statement:
        return policies.allow([f"dynamodb:{action}" for action in actions], [self.table_arn])

    def _tickets(self, action: str) -> policies.Statement:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "TICKET#*"}}
        return policies.allow([f"dynamodb:{action}"], [self.table_arn], conditions=keys)

    def _send_task(self) -> policies.Statement:
        return policies.allow(["sqs:SendMessage"], [self.queues.delivery.arn])

    def _connections(self, verb: str) -> policies.Statement:
        connections = pulumi.Output.concat(
            self.execution_arn, f"/{self.stage_name}/{verb}/@connections/*"
        )
        return policies.allow(["execute-api:ManageConnections"], [connections])
