"""The Lambda layer with the third-party packages of all functions; boto3 is Lambda's own."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .arguments import check
from .function import ARCHITECTURE, RUNTIME


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeLayerArgs:
    code: pulumi.Archive
    """Archive whose `python/` holds the packages, built for the functions' processor."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)


class RuntimeLayer(pulumi.ComponentResource):
    """Third-party packages of the functions. Each change of their pins makes a new version."""

    arn: pulumi.Output[str]
    """ARN with the version, as a function wants it."""

    def __init__(
        self, name: str, args: RuntimeLayerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:RuntimeLayer", name, None, opts)
        version = aws.lambda_.LayerVersion(
            f"{name}-version",
            layer_name=f"{pulumi.get_stack()}-{name}",
            code=args.code,
            compatible_architectures=[ARCHITECTURE],
            compatible_runtimes=[RUNTIME],
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = version.arn
        self.register_outputs({"arn": self.arn})
