"""Arguments of a RealtimeApi. Those that cannot work are refused.

The grammar of patterns is the one that the handlers parse at run time; a test compares the two.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from ..resources.addresses import check_origins
from ..resources.arguments import InvalidArgument, check
from ..resources.function import FunctionDefaults
from .tokens import TokenArgs

STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
SEGMENT = r"(?:[A-Za-z0-9_.~%-]+|\*|\{[A-Za-z_][A-Za-z0-9_:.-]*\})"
PATTERN = re.compile(f"{SEGMENT}(?::{SEGMENT})*")
TEMPLATE = re.compile(r"[A-Za-z0-9_.~:%-]*\{\}[A-Za-z0-9_.~:%-]*")
VARIABLE = re.compile(r"\*|\{.*\}")
SEPARATOR = re.compile(r":(?![^{}]*\})")
"""A ':' inside braces belongs to the claim's name, as in Cognito's `custom:tenant`."""
PROTOCOL_PARAMETERS = ("channel", "since", "ticket")
"""Query parameters of a connect that docs/protocol.md gives a meaning."""
RULES_LIMIT_BYTES = 3_000
DEFAULT_MIN_INTERVAL_MS = 200
DEFAULT_MAXIMUM_SUBSCRIPTIONS = 100
DEFAULT_INLINE_MAXIMUM = 200
DEFAULT_POSTS_PER_SECOND = 2_500
DEFAULT_HISTORY_SECONDS = 86_400
DEFAULT_MAXIMUM_WORKERS = 10
DEFAULT_PAYLOAD_LIMIT_BYTES = 31_744

# Least, most, and the reason. A stack's settings have the same limits.
LIMITS = {
    "maximum_subscriptions": (1, 1_000, "a connection's channels are one DynamoDB item"),
    "inline_maximum": (1, 1_000, "the publisher waits for these posts"),
    "posts_per_second": (500, 1_000_000, "workers share them out by the hundred"),
    "history_seconds": (60, 2_592_000, "messages to keep for longer belong in a table of yours"),
    "maximum_workers": (2, 1_000, "Lambda takes no other for a queue"),
    "payload_limit_bytes": (256, 31_744, "a frame of 32 KB closes the connection"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelRule:
    """Access to the channels that a pattern names, and their delivery."""

    pattern: str
    """`link:*`, where `*` is one segment, or `user:{sub}`, which binds the subscriber's claim."""

    access: str
    """`public`: every connection. `owner`: connections whose claims are the channel's."""

    delivery: str
    """`latest`: a state, of which only the newest value matters. `every`: events, none lost."""

    min_interval_ms: int | None = None
    """Shortest time between two pushes of one `latest` channel; 200 by default."""

    publishers: Sequence[str] | None = None
    """Sources that may publish by queue or bus; by default only functions with `grant_publish`."""

    def __post_init__(self) -> None:
        check(self)
        if not PATTERN.fullmatch(self.pattern):
            raise InvalidArgument(
                "pattern must be segments separated by ':', each of them A-Z a-z 0-9 _ . ~ % -, or"
                f" `*`, or one {{claim}}, got {self.pattern!r}."
            )
        if self.access not in ("public", "owner"):
            raise InvalidArgument(
                f"access must be 'public' or 'owner', got {self.access!r} for {self.pattern!r}."
            )
        if (self.access == "owner") != ("{" in self.pattern):
            raise InvalidArgument(
                f"pattern {self.pattern!r} does not fit access {self.access!r}: an owner pattern"
                " has at least one {claim}, as in user:{sub}, and a public one has none."
            )
        if self.delivery not in ("latest", "every"):
            raise InvalidArgument(
                f"delivery must be 'latest' or 'every', got {self.delivery!r} for {self.pattern!r}."
            )
        if self.min_interval_ms is not None and not 0 <= self.min_interval_ms <= 60_000:
            raise InvalidArgument(
                f"min_interval_ms must be 0 to 60000, got {self.min_interval_ms} for"
                f" {self.pattern!r}: a client that can wait longer can load a page."
            )

    def hides(self, later: "ChannelRule") -> bool:
        """Whether each channel that has the shape of `later` has this rule's shape too."""
        mine, theirs = SEPARATOR.split(self.pattern), SEPARATOR.split(later.pattern)
        return len(mine) == len(theirs) and all(
            VARIABLE.fullmatch(own) or own == other for own, other in zip(mine, theirs, strict=True)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RealtimeApiArgs:
    """Clients, channels and limits of a RealtimeApi."""

    stage_name: str
    """Last part of the address; the stack's name is a good one."""

    channels: Sequence[ChannelRule]
    """The first rule whose shape fits a channel decides; a channel that none fits is refused."""

    throttling_rate_limit: int
    """Connects and messages a second, over all clients. The account's own limit is shared."""

    defaults: FunctionDefaults
    """Logs, key, tracing, and a layer in place of one of its own; the key is also that of the
    table and the queues."""

    connect_parameters: Mapping[str, str] | None = None
    """Query parameter -> channel: `{"code": "link:{}"}` lets clients connect with `?code=x`."""

    allowed_origins: Sequence[str] | None = None
    """Origins that may connect, native shells' (`capacitor://localhost`) and `null` too; by default
    every one."""

    require_origin: bool | None = None
    """Refuse clients that send no Origin, which is every one but a browser; false by default."""

    maximum_subscriptions: int | None = None
    """Channels that one connection may subscribe to at a time, 1 to 1000; 100 by default."""

    inline_maximum: int | None = None
    """Subscribers that a publisher posts to by itself; workers post to more. 200 by default."""

    posts_per_second: int | None = None
    """Posts of all workers together; 2500 by default. The account's own limit is shared."""

    history_seconds: int | None = None
    """Seconds for which a message of an `every` channel can be recovered; a day by default."""

    payload_limit_bytes: int | None = None
    """Largest value, as JSON, by queue or bus; 31744 by default, and 4096 of `latest`."""

    maximum_workers: int | None = None
    """Functions that work at a time on each of the three queues, 2 to 1000; 10 by default."""

    event_bus_name: pulumi.Input[str] | None = None
    """Bus of this account and region that takes `realtime.publish`; by default one of its own."""

    throttling_burst_limit: int | None = None
    """How many of them may come at once; by default as many as in a second."""

    connects_per_second: int | None = None
    """How many of them may be new connections, of which the account has a limit; by default all."""

    reserved_fan_out: int | None = None
    """Executions kept for the workers, `maximum_workers` or more; by default none."""

    reserved_publish: int | None = None
    """The same for the publish queue and the events, twice as many or more; by default none."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    protect_data: bool | None = None
    """Refuse to delete or replace table, APIs, queues; back the table up. False by default."""

    tokens: TokenArgs | None = None
    """Tokens that authenticate connections. Without them every connection is anonymous."""

    ticket_api: bool | None = None
    """Make an HTTP API with `POST /tickets` too, at `tickets_url`; false by default."""

    def __post_init__(self) -> None:
        check(self)
        if not STAGE_NAME.fullmatch(self.stage_name):
            raise InvalidArgument(
                "stage_name must be 1 to 128 letters, digits, '-' or '_', got"
                f" {self.stage_name!r}: API Gateway takes no others in the address."
            )
        if not self.channels:
            raise InvalidArgument(
                "channels must hold a rule, got none: every connect would be refused."
            )
        if self.ticket_api and self.tokens is None:
            raise InvalidArgument("ticket_api needs tokens: a ticket is given for a token.")
        _check_numbers(self)
        _check_rules(self)
        _check_parameters(self)
        check_origins("allowed_origins", self.allowed_origins)
        _check_size(self)


def channel_rules(args: RealtimeApiArgs) -> str:
    """The rules as the functions read them."""
    rules = [
        {
            "pattern": rule.pattern,
            "access": rule.access,
            "delivery": rule.delivery,
            "min_interval_ms": DEFAULT_MIN_INTERVAL_MS
            if rule.min_interval_ms is None
            else rule.min_interval_ms,
            "publishers": list(rule.publishers or ()),
        }
        for rule in args.channels
    ]
    return json.dumps(rules, separators=(",", ":"))


def _check_numbers(args: RealtimeApiArgs) -> None:
    for name in ("throttling_rate_limit", "throttling_burst_limit", "connects_per_second"):
        limit: int | None = getattr(args, name)
        if limit is not None and limit < 1:
            raise InvalidArgument(f"{name} must be 1 or more, got {limit}: 0 refuses every client.")
    for name, (least, most, beyond) in LIMITS.items():
        value: int | None = getattr(args, name)
        if value is not None and not least <= value <= most:
            raise InvalidArgument(f"{name} must be {least} to {most}, got {value}: {beyond}.")


def _check_rules(args: RealtimeApiArgs) -> None:
    for index, rule in enumerate(args.channels):
        if rule.access == "owner" and args.tokens is None:
            raise InvalidArgument(
                f"tokens must be given with the owner rule {rule.pattern!r}, got none: every"
                " connection would be anonymous, and the rule would let none subscribe."
            )
        for earlier in args.channels[:index]:
            if earlier.hides(rule):
                raise InvalidArgument(
                    f"channels must name {rule.pattern!r} before {earlier.pattern!r}, got it after:"
                    " the first rule whose shape fits a channel decides, so that it never would."
                )


def _check_parameters(args: RealtimeApiArgs) -> None:
    for parameter, template in (args.connect_parameters or {}).items():
        if parameter in PROTOCOL_PARAMETERS:
            raise InvalidArgument(
                f"connect_parameters must not name {parameter!r}: clients send the protocol's own"
                f" {', '.join(PROTOCOL_PARAMETERS)}. Choose another name."
            )
        if not TEMPLATE.fullmatch(template):
            raise InvalidArgument(
                "connect_parameters must give channel templates with one {}, as in link:{}, got"
                f" {template!r} for {parameter!r}."
            )
        channel = ChannelRule(
            pattern=template.replace("{}", "x"), access="public", delivery="latest"
        )
        if not any(rule.hides(channel) for rule in args.channels):
            raise InvalidArgument(
                f"connect_parameters must give channels that a rule of channels fits, got"
                f" {template!r} for {parameter!r}: every such connect would be refused."
            )


def _check_size(args: RealtimeApiArgs) -> None:
    rules = channel_rules(args)
    rest = json.dumps([dict(args.connect_parameters or {}), list(args.allowed_origins or ())])
    if len(rules) + len(rest) > RULES_LIMIT_BYTES:
        raise InvalidArgument(
            "channels, connect_parameters and allowed_origins must be JSON of"
            f" {RULES_LIMIT_BYTES} bytes at most, got {len(rules) + len(rest)}: Lambda gives a"
            " function 4 KB for all of its variables. Merge rules with `*`."
        )
