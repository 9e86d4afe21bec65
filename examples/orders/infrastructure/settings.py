"""The stack's configuration, and its only reader."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Settings:
    allowed_origins: Sequence[str]
    charge_limit_cents: int
    http_rate_limit: int
    log_retention_days: int
    protect_data: bool
    web_socket_rate_limit: int


def load() -> Settings:
    """Raises `pulumi.ConfigMissingError` and its kin, which name the key and the command."""
    config = pulumi.Config("orders")  # noqa: TID251 - the one reader in this project
    return Settings(
        allowed_origins=config.require_object("allowedOrigins"),
        charge_limit_cents=config.require_int("chargeLimitCents"),
        http_rate_limit=config.require_int("httpRateLimit"),
        log_retention_days=config.require_int("logRetentionDays"),
        protect_data=config.require_bool("protectData"),
        web_socket_rate_limit=config.require_int("webSocketRateLimit"),
    )
