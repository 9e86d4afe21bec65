"""The stack's configuration. The only reader of it: everything else is told by argument.

What a stack is follows from its tier, never from its name. Pulumi.yaml declares the same keys.
"""

import re
from typing import Annotated, Any, Literal

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from .function import LOG_RETENTION_DAYS
from .realtime_api.args import ORIGIN, STAGE_NAME

NAMESPACE = "realtime"
PRODUCTION_LOG_RETENTION_DAYS = 30

Positive = Annotated[int, Field(gt=0)]


class SettingsError(pulumi.RunError):
    """The configuration cannot work; says why of each wrong key, and what sets it right."""


class Settings(BaseModel):
    """`examples` is what a refusal proposes; arrays arrive as JSON."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True
    )

    tier: Literal["development", "production"] = Field(examples=["development"])
    allowed_origins: Json[tuple[str, ...]] = Field(examples=[["https://app.example.com"]])
    require_origin: bool = Field(examples=["false"])
    log_retention_days: int = Field(examples=["30"])
    web_socket_rate_limit: Positive = Field(examples=["500"])
    http_rate_limit: Positive = Field(examples=["1000"])
    aggregator_maximum_concurrency: int = Field(ge=2, le=1000, examples=["5"])
    maximum_subscriptions: int = Field(ge=1, le=1000, examples=["100"])
    posts_per_second: int = Field(ge=500, examples=["2500"])
    manage_api_gateway_account: bool = Field(examples=["true"])

    @property
    def protects_data(self) -> bool:
        return self.tier == "production"

    @field_validator("allowed_origins")
    @classmethod
    def _browsers_send_such_origins(
        cls, origins: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        production = info.data.get("tier") == "production"
        if production and not origins:
            raise _refusal("must name an origin in production: with none, every page may connect")
        for origin in origins:
            if not ORIGIN.fullmatch(origin) or (production and not origin.startswith("https://")):
                raise _refusal("must be origins like https://app.example.com, without a path")
        return origins

    @field_validator("log_retention_days")
    @classmethod
    def _cloudwatch_keeps_so_long(cls, days: int, info: ValidationInfo) -> int:
        if days not in LOG_RETENTION_DAYS:
            accepted = ", ".join(str(number) for number in LOG_RETENTION_DAYS)
            raise _refusal(f"must be one of {accepted}: CloudWatch has no others")
        if info.data.get("tier") == "production" and days < PRODUCTION_LOG_RETENTION_DAYS:
            raise _refusal(f"must be {PRODUCTION_LOG_RETENTION_DAYS} or more in production")
        return days


def load() -> Settings:
    """Raises `SettingsError` with all that is wrong at once."""
    stack = pulumi.get_stack()
    refusals: list[str] = []
    if not STAGE_NAME.fullmatch(stack):
        refusals.append(
            f"The stack's name must be letters, digits, '-' and '_', got {stack!r}: it is part of"
            f" the API's address. Run: pulumi stack rename {re.sub('[^A-Za-z0-9_-]', '-', stack)}"
        )
    try:
        settings = Settings.model_validate(_values())
    except ValidationError as error:
        refusals += [_sentence(details, stack) for details in error.errors()]
        raise SettingsError("\n".join(refusals)) from None
    if refusals:
        raise SettingsError("\n".join(refusals))
    return settings


def _values() -> dict[str, Any]:
    """All keys of the namespace; `pulumi.Config` could only ask for those that it knows."""
    set_by_engine = pulumi_config.get_config_env() | pulumi_config.CONFIG.get()
    found = ([*key.split(":", 1), value] for key, value in set_by_engine.items())
    return {key: value for namespace, key, value in found if namespace == NAMESPACE}


def _refusal(rule: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{rule}", {"rule": rule})


def _sentence(details: ErrorDetails, stack: str) -> str:
    key = f"{NAMESPACE}:{details['loc'][0]}"
    if details["type"] == "extra_forbidden":
        return (
            f"{key} is no setting of this project, got {_shown(key, details)}."
            f" Run: pulumi config rm --stack {stack} {key}"
        )
    command = f"pulumi config set --stack {stack} {_example(key)}"
    if details["type"] == "missing":
        return f"{key} must be set, and is not. Run: {command}"
    return f"{key} {_rule(details)}, got {_shown(key, details)}. Run: {command}"


def _shown(key: str, details: ErrorDetails) -> str:
    secrets = pulumi_config.get_config_secret_keys_env()
    secret = key in secrets or pulumi_config.is_config_secret(key)
    return "a secret" if secret else repr(details["input"])


def _rule(details: ErrorDetails) -> str:
    if details["type"] in ("json_invalid", "tuple_type"):
        return "must be an array"
    return details["msg"].replace("Input should be", "must be")


def _example(key: str) -> str:
    """Arrays are set by element: the CLI would keep JSON as a string."""
    examples = {f"{NAMESPACE}:{f.alias}": f.examples for f in Settings.model_fields.values()}
    (example,) = examples[key] or ("<value>",)
    return f"--path '{key}[0]' {example[0]}" if isinstance(example, list) else f"{key} {example}"
