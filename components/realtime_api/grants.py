"""The grants of a RealtimeApi, of this program or of a stack that it refers to."""

import pulumi
import pulumi_aws as aws

from ..resources import policies

PUBLISH_DETAIL_TYPE = "realtime.publish"


class MissingTokens(pulumi.RunError):
    """An API without tokens was asked for something that needs to know its users."""


class Granting(pulumi.ComponentResource):
    """Gives roles its policies. `name` keeps one role's grant apart from another's."""

    publish_policy: pulumi.Output[str]
    disconnect_policy: pulumi.Output[str]
    inspect_policy: pulumi.Output[str]
    send_policy: pulumi.Output[str]
    event_bus_arn: pulumi.Output[str]
    revoke_function_arn: pulumi.Output[str]

    def grant_publish(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role push to every channel."""
        self._attach(f"{name}-publish", role_name, self.publish_policy)

    def grant_disconnect(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role close any connection."""
        self._attach(f"{name}-disconnect", role_name, self.disconnect_policy)

    def grant_inspect(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role ask whether a connection is open."""
        self._attach(f"{name}-inspect", role_name, self.inspect_policy)

    def grant_send(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role send to the publish queue, in whose messages it names its source itself."""
        self._attach(f"{name}-send", role_name, self.send_policy)

    def grant_put_events(self, name: str, role_name: pulumi.Input[str], source: str) -> None:
        """Lets the role put `realtime.publish` on the bus, as this source and as no other."""
        self._attach(f"{name}-put-events", role_name, self.put_events_policy(source))

    def grant_revoke(self, name: str, role_name: pulumi.Input[str]) -> None:
        """Lets the role log any principal out everywhere. Without tokens: `MissingTokens`."""
        arn = self.revoke_function_arn.apply(lambda known: self._revoking(known, name))
        invoke = policies.allow(["lambda:InvokeFunction"], [arn])
        self._attach(f"{name}-revoke", role_name, policies.document(invoke))

    def put_events_policy(self, source: str) -> pulumi.Output[str]:
        """JSON document of `grant_put_events`."""
        return policies.document(
            policies.put_events(self.event_bus_arn, source=source, detail_type=PUBLISH_DETAIL_TYPE)
        )

    def _revoking(self, arn: str, name: str) -> str:
        if not arn:
            raise MissingTokens(
                f"{self.pulumi_resource_name} must have tokens for {name} to log principals out,"
                " and has none: every connection is anonymous. Where it is made, give"
                " RealtimeApiArgs tokens=TokenArgs(...)."
            )
        return arn

    def _attach(self, name: str, role_name: pulumi.Input[str], policy: pulumi.Output[str]) -> None:
        aws.iam.RolePolicy(
            f"{self.pulumi_resource_name}-{name}-policy",
            role=role_name,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )
