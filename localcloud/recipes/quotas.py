"""Quotas that a program asks AWS to raise."""

from collections.abc import Mapping

from .recipe import Accepted, Recipe

RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:servicequotas/serviceQuota:ServiceQuota": Accepted(
        because="nothing is counted against a quota here",
        outputs={"requestId": "{name}"},
        replaces=frozenset({"quotaCode", "serviceCode"}),
    ),
}
