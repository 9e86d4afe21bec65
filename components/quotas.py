"""What a stack asks AWS to raise in one region, filed through Service Quotas.

AWS decides, in days: a deployment neither waits for it nor counts on it. Taking a request out of
the stack lowers nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .regions import SUPPORT_CASE, regions


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaRequestsArgs:
    values: Mapping[str, int]
    """Quota, by its name in `components/regions.toml`, to the value asked for."""

    region: str | None = None
    """Region whose quotas are meant; by default the provider's."""

    def __post_init__(self) -> None:
        for name in self.values:
            quota = regions().quotas.get(name)
            if quota is None or quota.code == SUPPORT_CASE or not quota.adjustable:
                raise ValueError(
                    f"values must name quotas that Service Quotas can raise, got {name!r}: AWS"
                    " raises others by a support case, or not at all."
                )


class QuotaRequests(pulumi.ComponentResource):
    """One request a quota; AWS takes no second one while the first is open."""

    request_ids: pulumi.Output[Mapping[str, str]]
    """Quota to the id of its request, which Service Quotas shows the state of."""

    def __init__(
        self, name: str, args: QuotaRequestsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:QuotaRequests", name, None, opts)
        requests = {
            quota: aws.servicequotas.ServiceQuota(
                f"{name}-{quota.replace('_', '-')}",
                service_code=regions().quotas[quota].service,
                quota_code=regions().quotas[quota].code,
                value=value,
                region=args.region,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for quota, value in args.values.items()
        }
        self.request_ids = pulumi.Output.all(
            **{quota: request.request_id for quota, request in requests.items()}
        )
        self.register_outputs({"request_ids": self.request_ids})
