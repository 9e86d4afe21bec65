"""A RealtimeApi of another stack, as that stack's one export describes it.

The description holds names, ARNs and policies and no secret. It is read by other versions of this
package than the one that wrote it, hence its version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from ..resources.arguments import check
from .grants import Granting

VERSION = 1
DEFAULT_OUTPUT = "realtime"
PUBLISH_VARIABLES = (
    *("REALTIME_TABLE", "MANAGEMENT_ENDPOINT", "REALTIME_API_ID", "CHANNEL_RULES"),
    *("DELIVERY_QUEUE_URL", "INLINE_MAXIMUM", "POSTS_PER_SECOND"),
)


class ReferenceRefused(pulumi.RunError):
    """Another stack describes no RealtimeApi, or one of a newer version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingRealtimeApiArgs:
    stack: str
    """Stack that made it, as `organization/project/stack`; of the same account and region."""

    output: str | None = None
    """Name under which that stack exports `RealtimeApi.reference`; `realtime` by default."""

    def __post_init__(self) -> None:
        check(self)


class ExistingRealtimeApi(Granting):
    """To publish to a RealtimeApi of another stack. It makes nothing but the grants asked for."""

    endpoint: pulumi.Output[str]
    """`wss://` address that clients connect to."""
    management_endpoint: pulumi.Output[str]
    """`https://` address that messages are posted to."""
    api_id: pulumi.Output[str]
    """Id of the WebSocket API."""
    layer_arn: pulumi.Output[str]
    """Layer with the functions' packages, for other functions of this package."""
    publish_queue_url: pulumi.Output[str]
    """FIFO queue that takes messages to publish: the group is the channel."""
    publish_queue_arn: pulumi.Output[str]
    """ARN of that queue."""
    event_bus_name: pulumi.Output[str]
    """Bus that takes `realtime.publish`, and gets `realtime.publish.refused`."""
    event_bus_arn: pulumi.Output[str]
    """ARN of that bus."""
    publish_policy: pulumi.Output[str]
    """JSON document: push to every channel. `publish_environment` goes with it."""
    disconnect_policy: pulumi.Output[str]
    """JSON document: close a connection."""
    inspect_policy: pulumi.Output[str]
    """JSON document: ask whether a connection is open."""
    send_policy: pulumi.Output[str]
    """JSON document: send to the publish queue."""
    ticket_function_name: pulumi.Output[str]
    """Function of `POST /tickets`; empty if that API has no `tokens`, as those below."""
    ticket_invoke_arn: pulumi.Output[str]
    """Where a route of an HTTP API integrates it, JWT-authorized, with payload format 2.0."""
    tickets_url: pulumi.Output[str]
    """Address of `POST /tickets`; empty without `ticket_api` too."""
    revoke_function_name: pulumi.Output[str]
    """Function that logs a principal out everywhere; its event is `{"principal": "<sub>"}`."""
    revoke_function_arn: pulumi.Output[str]
    """ARN of that function."""

    def __init__(
        self,
        name: str,
        args: ExistingRealtimeApiArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("realtime:index:ExistingRealtimeApi", name, None, opts)
        output = args.output or DEFAULT_OUTPUT
        stack = pulumi.StackReference(
            f"{name}-stack", stack_name=args.stack, opts=pulumi.ResourceOptions(parent=self)
        )
        self._described = stack.get_output(output).apply(
            lambda found: _checked(found, args.stack, output)
        )
        for key in ExistingRealtimeApi.__annotations__:
            setattr(self, key, self._described[key])
        self.register_outputs(
            {key: getattr(self, key) for key in ExistingRealtimeApi.__annotations__}
        )

    @property
    def publish_environment(self) -> Mapping[str, pulumi.Input[str]]:
        """The variables that a function with the publish policy reads."""
        variables = self._described["publish_environment"]
        return {name: variables[name] for name in PUBLISH_VARIABLES}


def describe(
    outputs: Mapping[str, pulumi.Output[Any]], publish_environment: Mapping[str, pulumi.Input[str]]
) -> pulumi.Output[Mapping[str, Any]]:
    """The export of a RealtimeApi, which `ExistingRealtimeApi` reads."""
    offered = {key: outputs[key] for key in ExistingRealtimeApi.__annotations__}
    return pulumi.Output.all(
        version=VERSION, publish_environment=dict(publish_environment), **offered
    )


def _checked(found: Any, stack: str, output: str) -> Mapping[str, Any]:
    described = cast("Mapping[str, Any]", found if isinstance(found, dict) else {})
    version = described.get("version")
    if not isinstance(version, int | float) or version < 1:
        raise ReferenceRefused(
            f"Stack {stack!r} must describe its RealtimeApi as {output!r}, and has no such export."
            f' Add there: pulumi.export("{output}", realtime.reference)'
        )
    if version > VERSION:
        raise ReferenceRefused(
            f"The description of the RealtimeApi of stack {stack!r} must have version {VERSION} at"
            f" most, got {version:g}: that stack runs a newer realtime-platform. Upgrade it here."
        )
    return described
