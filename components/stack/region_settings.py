"""Settings of one region: its limits, its expected load, and the quotas to ask for.

The docstrings are the text of docs/configuration.md. An error proposes one of `examples`.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from ..resources.addresses import (
    CERTIFICATE,
    CERTIFICATE_RULE,
    HOST,
    HOST_RULE,
    HOSTED_ZONE,
    HOSTED_ZONE_RULE,
)

Positive = Annotated[int, Field(gt=0)]
Mapped = Annotated[int, Field(ge=2, le=1000)]
"""Lambda takes no other number of functions at a time for a queue."""


class Strict(BaseModel):
    """Refuses unknown keys, and never shows a value that could be a secret."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def refusal(rule: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{rule}", {"rule": rule})


def matching(pattern: re.Pattern[str], rule: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise refusal(rule)
        return text

    return AfterValidator(check)


Host = Annotated[str, matching(HOST, HOST_RULE)]
HostedZone = Annotated[str, matching(HOSTED_ZONE, HOSTED_ZONE_RULE)]
Certificate = Annotated[str, matching(CERTIFICATE, CERTIFICATE_RULE)]


class Throttle(Strict):
    """Rates of clients. AWS counts them and the posts in one quota of the region."""

    redirects_per_second: Positive = Field(examples=["1000"])
    """HTTP requests, over all clients: clicks, and the requests of owners"""

    messages_per_second: Positive = Field(examples=["500"])
    """WebSocket connects and messages, over all clients"""

    connects_per_second: Positive = Field(examples=["100"])
    """New WebSocket connections, which are messages too; after an outage all clients reconnect"""


class Push(Strict):
    """Rates of pushes."""

    posts_per_second: int = Field(ge=500, le=1_000_000, examples=["2500"])
    """Posts per second to WebSocket clients, at least 500"""

    min_interval_ms: int = Field(ge=0, le=60_000, examples=["200"])
    """Shortest time between two pushes of one link's number; clicks in between go out as one"""


class Reserved(Strict):
    """Reserved concurrency, also the function's maximum. A new account has none to reserve."""

    aggregate: Positive | None = Field(default=None, examples=["5"])
    """For counting: at least `aggregators`"""

    fan_out: Positive | None = Field(default=None, examples=["10"])
    """For pushing to many subscribers: at least `workers`"""

    publish: Positive | None = Field(default=None, examples=["20"])
    """For the publish queue and the events: at least twice `workers`"""

    @property
    def total(self) -> int:
        return sum(kept or 0 for kept in (self.aggregate, self.fan_out, self.publish))


class Concurrency(Strict):
    """How many functions work at a time on a queue."""

    aggregators: Mapped = Field(examples=["5"])
    """Functions that count clicks, 2 to 1000; on one link more than 5 make conflicts, not speed"""

    workers: Mapped = Field(examples=["10"])
    """Functions on each of the delivery, publish and event queues, 2 to 1000"""

    reserved: Reserved = Field(default=Reserved(), examples=["{}"])
    """Executions kept for a function; by default none"""


class Caps(Strict):
    """Limits of one client."""

    subscriptions: int = Field(ge=1, le=1000, examples=["100"])
    """Channels that one connection may subscribe to at a time, 1 to 1000"""

    payload_bytes: int = Field(ge=256, le=31_744, examples=["31744"])
    """Largest value that may be published, as JSON; a `latest` value has 4096 at most"""


class ExpectedLoad(Strict):
    """The load that the stack is built for. Settings that cannot carry it are refused."""

    watched_links: Positive = Field(examples=["100"])
    """Links that are watched at the same time"""

    watchers_per_link: Positive = Field(examples=["10"])
    """Connections that watch each of them"""

    clicks_per_second: Positive = Field(examples=["50"])
    """Clicks over all links, at the busiest time"""


class Domains(Strict):
    """Names of your own for the two APIs, with certificates. Without the group AWS's names stay."""

    hosted_zone_id: HostedZone = Field(examples=["Z0123456789ABCDEFGHIJ"])
    """Route 53 zone that holds both names, in the stack's account"""

    web_socket: Host = Field(examples=["live.example.com"])
    """Name of the WebSocket API"""

    http: Host = Field(examples=["go.example.com"])
    """Name of the HTTP API, which short links begin with"""


class DashboardHosting(Strict):
    """The web page for owners and watchers, on CloudFront. Without the group there is none.

    It has a name of your own, because the APIs have to know its origin before it is made.
    """

    domain_name: Host = Field(examples=["dashboard.example.com"])
    """Its name; its DNS record, to the stack's output `dashboard_target`, is yours to make"""

    certificate_arn: Certificate = Field(
        examples=["arn:aws:acm:us-east-1:123456789012:certificate/0123"]
    )
    """Certificate of the name, in us-east-1, where CloudFront takes them from"""


class Raise(Strict):
    """A quota for which AWS is to be asked."""

    value: Positive = Field(examples=["20000"])
    """The value to ask AWS for; must be more than AWS's default"""

    granted: bool = Field(default=False, examples=["true"])
    """Whether AWS has agreed: only then does the plan count on it"""


class Raised(Strict):
    """Quotas that AWS is to raise to a `value`, which counts once it is `granted`.

    A deployment asks for none of them; `realtime quotas --request` does.
    """

    api_requests_per_second: Raise | None = None
    """API Gateway requests, messages and posts"""

    web_socket_connects_per_second: Raise | None = None
    """New WebSocket connections"""

    put_events_per_second: Raise | None = None
    """EventBridge PutEvents requests"""

    event_invocations_per_second: Raise | None = None
    """EventBridge deliveries to targets"""

    lambda_concurrency: Raise | None = None
    """Lambda executions at a time"""


class RegionSettings(Strict):
    """One region of a stack. All regions are independent of each other."""

    throttle: Throttle
    push: Push
    concurrency: Concurrency
    caps: Caps
    expected_load: ExpectedLoad
    raised: Raised = Raised()

    domains: Domains | None = None

    dashboard: DashboardHosting | None = None

    manage_api_gateway_account: bool = Field(examples=["true"])
    """Own the region's API Gateway log setting; true in one stack of an account and region only"""

    protect_data: bool | None = Field(default=None, examples=["false"])
    """Refuse to delete or replace tables, users, APIs and queues; by default only in production"""

    @property
    def hosts(self) -> list[str]:
        """Names that the region answers to, none of which another may have."""
        apis = [self.domains.web_socket, self.domains.http] if self.domains else []
        return apis + ([self.dashboard.domain_name] if self.dashboard else [])
