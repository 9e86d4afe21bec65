"""What each function of a RealtimeApi, and each of its consumers, may do; nobody may do more."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..resources import policies
from .queues import PUBLISH_DETAIL_TYPE, Queues

REFUSED_DETAIL_TYPE = "realtime.publish.refused"
OWN_SOURCE = "realtime"


@dataclass(frozen=True)
class Grants:
    """JSON documents over one RealtimeApi's table, its queues and one stage of its API."""

    table_arn: pulumi.Output[str]
    execution_arn: pulumi.Output[str]
    stage_name: str
    queues: Queues

    def connect(self) -> pulumi.Output[str]:
        """Remembering a connection, and what it missed in its handshake."""
        return policies.document(self._table("PutItem", "GetItem"), self._send_task())

    def issue_ticket(self) -> pulumi.Output[str]:
        return policies.document(self._tickets("PutItem"))

    def use_ticket(self) -> pulumi.Output[str]:
        return policies.document(self._tickets("UpdateItem"))

    def end_sessions(self) -> pulumi.Output[str]:
        """Finding what has to end, forgetting and closing it, and noting that it was done."""
        return policies.document(
            self._table("PutItem", "GetItem", "Query", "DeleteItem", "BatchWriteItem"),
            self._connections("DELETE"),
        )

    def forget(self) -> pulumi.Output[str]:
        return policies.document(self._table("DeleteItem", "BatchWriteItem"))

    def watch(self) -> pulumi.Output[str]:
        """Subscribing, unsubscribing, and reading what is current or was missed."""
        return policies.document(
            self._table("UpdateItem", "PutItem", "GetItem", "DeleteItem", "Query")
        )

    def number(self) -> pulumi.Output[str]:
        """Adding to a channel's log, and saying what was refused. It goes with `publish`."""
        refused = policies.put_events(
            self.queues.bus_arn, source=OWN_SOURCE, detail_type=REFUSED_DETAIL_TYPE
        )
        return policies.document(self._table("PutItem"), refused)

    def publish(self) -> pulumi.Output[str]:
        """Posting, and leaving to the workers what cannot be posted at once."""
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

    def put_events(self, source: str) -> pulumi.Output[str]:
        return policies.document(
            policies.put_events(self.queues.bus_arn, source=source, detail_type=PUBLISH_DETAIL_TYPE)
        )

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


def attach(
    component: pulumi.ComponentResource,
    name: str,
    role_name: pulumi.Input[str],
    policy: pulumi.Output[str],
) -> None:
    """Gives the role the policy, as a child of the component that offers it."""
    aws.iam.RolePolicy(
        f"{component.pulumi_resource_name}-{name}-policy",
        role=role_name,
        policy=policy,
        opts=pulumi.ResourceOptions(parent=component),
    )
