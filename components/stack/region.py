"""One region of a stack: its settings, its quotas, and the names of its resources."""

from dataclasses import dataclass

import pulumi

from ..resources.function import FunctionDefaults
from ..resources.regions import Figures, regions
from .limits import capacity
from .region_settings import RegionSettings
from .settings import Settings


@dataclass(frozen=True, kw_only=True)
class StackRegion:
    settings: Settings
    code: str
    """AWS's name of the region."""
    primary: bool
    """Whether it is the provider's own region."""
    kms_key_arn: pulumi.Output[str] | None = None
    """Key of its data; None leaves it to AWS's keys."""

    @property
    def plan(self) -> RegionSettings:
        return self.settings.regions[self.code]

    @property
    def defaults(self) -> FunctionDefaults:
        return FunctionDefaults(
            log_retention_days=self.settings.log_retention_days,
            kms_key_arn=self.kms_key_arn,
            tracing=self.settings.tracing,
        )

    @property
    def protects_data(self) -> bool:
        if self.plan.protect_data is None:
            return self.settings.tier == "production"
        return self.plan.protect_data

    @property
    def allowed(self) -> Figures:
        return capacity(regions().regions[self.code].defaults, self.plan.raised)

    @property
    def explicit(self) -> str | None:
        """The region to name on each resource; None in the primary one, the provider's."""
        return None if self.primary else self.code

    @property
    def dashboard_origins(self) -> list[str]:
        dashboard = self.plan.dashboard
        return [f"https://{dashboard.domain_name}"] if dashboard else []

    def name(self, part: str) -> str:
        return part if self.primary else f"{part}-{self.code}"
