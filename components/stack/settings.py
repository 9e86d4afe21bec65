"""The stack's configuration. No other module reads it: components get arguments.

The tier decides, never the stack's name. Pulumi.yaml declares the same keys.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import Field, Json, ValidationError, field_validator
from pydantic_core.core_schema import ValidationInfo

from ..realtime_api.args import STAGE_NAME
from ..resources.addresses import ORIGIN, ORIGIN_RULE
from ..resources.function import LOG_RETENTION_DAYS
from . import limits
from .region_settings import RegionSettings, Strict, matching, refusal
from .setting_errors import NAMESPACE, is_secret, sentence

PRIMARY = "aws:region"
Account = Annotated[
    str,
    Field(coerce_numbers_to_str=True),
    matching(re.compile("[0-9]{12}"), "must be the 12 digits of an account, in quotes"),
]
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
PRODUCTION_LOG_RETENTION_DAYS = 30


class SettingsError(pulumi.RunError):
    """The configuration cannot work. The message repairs each wrong key by a command."""


class KeySettings(Strict):
    """A KMS key of your own."""

    account_id: Account | None = Field(default=None, examples=["123456789012"])
    """Account of the stack, whose administrators keep the key; without it there is none"""


class Settings(Strict):
    """The settings of a stack. Arrays and objects arrive as JSON."""

    tier: Literal["development", "production"] = Field(examples=["development"])
    """development, or production, which keeps its data when the stack is deleted"""

    allowed_origins: Json[tuple[str, ...]] = Field(examples=[["https://app.example.com"]])
    """Origins that may connect and call the API, native shells' too; empty lets every page in"""

    require_origin: bool = Field(examples=["false"])
    """Refuse WebSocket clients that send no Origin, which is every one but a browser"""

    log_retention_days: int = Field(examples=["30"])
    """Days that CloudWatch keeps logs; production keeps them for 30 or more"""

    alarm_emails: Json[tuple[str, ...]] = Field(examples=[["oncall@example.com"]])
    """Addresses of alarms, once each has confirmed; empty sends alarms to a topic only"""

    tracing: bool = Field(examples=["false"])
    """Send traces of the functions to X-Ray, which AWS charges for by the trace"""

    customer_key: Json[KeySettings]
    """A KMS key of your own for all data; `{}` leaves data to AWS's own keys"""

    regions: Json[dict[str, RegionSettings]] = Field(min_length=1)
    """The stack's regions, each with its limits, its expected load and raised quotas"""

    @property
    def alarm_addresses(self) -> Sequence[pulumi.Input[str]]:
        """`alarm_emails`, which the state keeps encrypted where the stack's file does."""
        emails = self.alarm_emails
        return [pulumi.Output.secret(one) for one in emails] if is_secret("alarmEmails") else emails

    @field_validator("allowed_origins")
    @classmethod
    def _browsers_send_such_origins(
        cls, origins: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        production = info.data.get("tier") == "production"
        if production and not origins:
            raise refusal("must name an origin in production: with none, every page may connect")
        for origin in origins:
            if not ORIGIN.fullmatch(origin):
                raise refusal(ORIGIN_RULE)
            if production and origin.startswith("http://"):
                raise refusal("must be origins of https in production")
        return origins

    @field_validator("alarm_emails")
    @classmethod
    def _mail_reaches_them(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        if not all(EMAIL.fullmatch(address) for address in emails):
            raise refusal("must be e-mail addresses")
        return emails

    @field_validator("log_retention_days")
    @classmethod
    def _cloudwatch_keeps_so_long(cls, days: int, info: ValidationInfo) -> int:
        if days not in LOG_RETENTION_DAYS:
            accepted = ", ".join(str(number) for number in LOG_RETENTION_DAYS)
            raise refusal(f"must be one of {accepted}: CloudWatch has no others")
        if info.data.get("tier") == "production" and days < PRODUCTION_LOG_RETENTION_DAYS:
            raise refusal(f"must be {PRODUCTION_LOG_RETENTION_DAYS} or more in production")
        return days


def load() -> Settings:
    """Raises `SettingsError` with all errors at once."""
    # All keys of the namespace; `pulumi.Config` could only ask for those that it knows.
    found = ([*key.split(":", 1), value] for key, value in _all_values().items())
    values = {key: value for namespace, key, value in found if namespace == NAMESPACE}
    return parse(values, primary=primary_region(), stack=pulumi.get_stack())


def primary_region() -> str:
    """Region of resources that name none; empty where it is not set."""
    return _all_values().get(PRIMARY, "")


def parse(values: Mapping[str, Any], *, primary: str, stack: str) -> Settings:
    """As `load`, of the namespace's values without their prefix; needs no running program."""
    refusals = _stack_name(stack)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join([*refusals, *sentences(error, stack)])) from None
    refusals += _shared_names(settings)
    if primary not in settings.regions:
        refusals.append(_unknown_primary(primary, settings, stack))
    refusals += [refusal.sentence for refusal in limits.refusals(settings.regions, stack)]
    if refusals:
        raise SettingsError("\n".join(refusals))
    return settings


def sentences(error: ValidationError, stack: str) -> list[str]:
    """The errors in the form of a stack's settings."""
    return [sentence(details, Settings, stack) for details in error.errors()]


def _stack_name(stack: str) -> list[str]:
    if STAGE_NAME.fullmatch(stack):
        return []
    return [
        f"The stack's name must be letters, digits, '-' and '_', got {stack!r}: it is part of the"
        f" API's address. Run: pulumi stack rename {re.sub('[^A-Za-z0-9_-]', '-', stack)}"
    ]


def _unknown_primary(primary: str, settings: Settings, stack: str) -> str:
    named = ", ".join(settings.regions)
    command = f"pulumi config set --stack {stack} {PRIMARY} {next(iter(settings.regions))}"
    return (
        f"{PRIMARY} must be one of {NAMESPACE}:regions ({named}), got {primary!r}: it is the"
        f" region whose addresses the stack exports first. Run: {command}"
    )


def _shared_names(settings: Settings) -> list[str]:
    named = Counter(host for plan in settings.regions.values() for host in plan.hosts)
    return [
        f"{NAMESPACE}:regions must give a name to one address only, got {host} for {count}: DNS"
        " leads to one of them. Change the others in the stack's file."
        for host, count in named.items()
        if count > 1
    ]


def _all_values() -> dict[str, str]:
    return pulumi_config.get_config_env() | pulumi_config.CONFIG.get()
