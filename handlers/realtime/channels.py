"""The rules of channels: which channels exist, and which principals may watch them.

The first rule whose shape matches decides, and only then are claims compared: a public `*` after
an owner's rule never opens that owner's channel. A wildcard and a placeholder fill a whole segment,
because any delimiter but ':' may occur in a claim, and `{sub}-*` would give user `a` the channels
of user `a-b`.
"""

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast
from urllib.parse import quote

CHANNEL = re.compile(r"[A-Za-z0-9_.~:%-]{1,200}")

_SEGMENT = re.compile(r"[A-Za-z0-9_.~%-]+|\*")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_:.-]*)\}")

# A ':' inside braces belongs to the claim's name, as in Cognito's `custom:tenant`.
_SEPARATOR = re.compile(r":(?![^{}]*\})")

NO_CLAIMS: Mapping[str, str] = {}
"""Of an anonymous principal."""


class InvalidRules(ValueError):
    """The configured rules do not obey the pattern language."""


class UnknownChannel(Exception):
    """No rule knows the channel, or it is no channel at all."""


class ForbiddenChannel(Exception):
    """The channel belongs to another principal."""


class AmbiguousChannel(Exception):
    """A request to connect names more than one channel."""


@dataclass(frozen=True)
class Rule:
    pattern: str
    access: Literal["public", "owner"]
    delivery: Literal["latest", "every"]
    min_interval_ms: int
    publishers: tuple[str, ...]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        return tuple(_SEPARATOR.split(self.pattern))

    def __post_init__(self) -> None:
        claims = [segment for segment in self.segments if _PLACEHOLDER.fullmatch(segment)]
        legal = all(s in claims or _SEGMENT.fullmatch(s) for s in self.segments)
        if not legal:
            raise InvalidRules(
                "a pattern must be segments separated by ':', each of them channel characters, "
                f"'*' or one {{claim}}, got {self.pattern!r}"
            )
        if bool(claims) != (self.access == "owner"):
            raise InvalidRules(
                "an owner's pattern must have a {claim} and a public one none, "
                f"got {self.pattern!r} with access {self.access!r}"
            )

    def has_shape_of(self, channel: str) -> bool:
        """Whether the channel looks like this rule's, a placeholder taken for a wildcard."""
        texts = channel.split(":")
        return len(texts) == len(self.segments) and all(
            text != "" if _is_variable(segment) else text == segment
            for segment, text in zip(self.segments, texts, strict=True)
        )

    def belongs_to(self, channel: str, claims: Mapping[str, str]) -> bool:
        """Whether each placeholder stands where the channel has that claim, percent-encoded."""
        for segment, text in zip(self.segments, channel.split(":"), strict=True):
            if placeholder := _PLACEHOLDER.fullmatch(segment):
                claim = claims.get(placeholder[1])
                if claim is None or quote(claim, safe="") != text:
                    return False
        return True


@dataclass(frozen=True)
class Rules:
    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, json_text: str) -> "Rules":
        """Raises `InvalidRules`."""
        try:
            entries = json.loads(json_text)
        except ValueError as error:
            raise InvalidRules("channel rules must be a JSON list") from error
        if not isinstance(entries, list):
            raise InvalidRules(f"channel rules must be a JSON list, got {type(entries).__name__}")
        return cls(tuple(_rule(entry) for entry in cast("list[object]", entries)))

    def find(self, channel: str) -> Rule | None:
        """The rule that decides about the channel; whose channel it is, is not looked at."""
        if not CHANNEL.fullmatch(channel):
            return None
        return next((rule for rule in self.rules if rule.has_shape_of(channel)), None)

    @cached_property
    def claims(self) -> frozenset[str]:
        """Names of the claims that placeholders ask for."""
        segments = (segment for rule in self.rules for segment in rule.segments)
        found = map(_PLACEHOLDER.fullmatch, segments)
        return frozenset(placeholder[1] for placeholder in found if placeholder)

    def permit(
        self, channel: str, claims: Mapping[str, str], bound_to: Set[str] | None = None
    ) -> Rule:
        """The rule that lets a principal with these claims watch the channel.

        `bound_to` are the only channels that a ticket is for, of public ones too. Raises
        `UnknownChannel` and `ForbiddenChannel`.
        """
        if not CHANNEL.fullmatch(channel):
            raise UnknownChannel("a channel is 1 to 200 characters of A-Z a-z 0-9 _ . ~ : % -")
        rule = self.find(channel)
        if rule is None:
            raise UnknownChannel("there is no such channel")
        if rule.access == "owner" and not rule.belongs_to(channel, claims):
            raise ForbiddenChannel("the channel belongs to somebody else")
        if bound_to is not None and channel not in bound_to:
            raise ForbiddenChannel("the ticket of this connection is for other channels")
        return rule


def requested(query: Mapping[str, Sequence[str]], parameters: Mapping[str, str]) -> str | None:
    """The channel that a request to connect names, by `channel` or by a parameter with a template.

    An empty parameter names nothing. Raises `AmbiguousChannel`.
    """
    templates = {"channel": "{}", **parameters}
    named = {
        template.replace("{}", value)
        for parameter, template in templates.items()
        for value in query.get(parameter, ())
        if value
    }
    if len(named) > 1:
        raise AmbiguousChannel("a request to connect must name one channel; subscribe to others")
    return named.pop() if named else None


def _is_variable(segment: str) -> bool:
    return segment == "*" or segment.startswith("{")


def _rule(entry: Any) -> Rule:
    try:
        fields: dict[str, Any] = {**entry, "publishers": tuple(entry["publishers"])}
        rule = Rule(**fields)
    except (KeyError, TypeError) as error:
        raise InvalidRules(
            "a channel rule must have exactly pattern, access, delivery, min_interval_ms and"
            " publishers"
        ) from error
    if rule.access not in ("public", "owner") or rule.delivery not in ("latest", "every"):
        raise InvalidRules(
            "access must be public or owner and delivery latest or every, "
            f"got {rule.access!r} and {rule.delivery!r}"
        )
    return rule
