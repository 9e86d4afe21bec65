"""What each function of a RealtimeApi, and each of its consumers, may do; nobody may do more."""

from dataclasses import dataclass

import pulumi

from .. import policies


@dataclass(frozen=True)
class Grants:
    """JSON documents over one RealtimeApi's table and one stage of its API."""

    table_arn: pulumi.Output[str]
    execution_arn: pulumi.Output[str]
    stage_name: str

    def on_table(self, *actions: str) -> pulumi.Output[str]:
        return policies.document(self._table(*actions))

    def publish(self) -> pulumi.Output[str]:
        """Posting, and finding the subscribers and those of them that are gone."""
        actions = ("UpdateItem", "Query", "DeleteItem", "BatchWriteItem")
        return policies.document(self._table(*actions), self._connections("POST"))

    def disconnect(self) -> pulumi.Output[str]:
        return policies.document(self._connections("DELETE"))

    def inspect(self) -> pulumi.Output[str]:
        return policies.document(self._connections("GET"))

    def _table(self, *actions: str) -> policies.Statement:
        return policies.allow([f"dynamodb:{action}" for action in actions], [self.table_arn])

    def _connections(self, verb: str) -> policies.Statement:
        connections = pulumi.Output.concat(
            self.execution_arn, f"/{self.stage_name}/{verb}/@connections/*"
        )
        return policies.allow(["execute-api:ManageConnections"], [connections])
