"""Physical names, as the AWS provider makes them up for resources that the program does not name.

https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/info/autonaming.go
"""

import hashlib

from .recipes.recipe import Inputs, Name

DIGITS = 7
DIGITS_AFTER_PREFIX = 26
"""https://github.com/hashicorp/terraform-plugin-sdk/blob/main/helper/id/id.go"""


class NameTooLong(ValueError):
    """The logical name leaves no room for the part that is made up."""


def physical_name(rule: Name, name: str, seed: bytes, inputs: Inputs) -> str:
    """Another seed gives another name. The ending of a FIFO is beyond the length, as there."""
    stem, digits = f"{name.lower() if rule.lower else name}-", DIGITS
    if prefix := inputs.get(rule.prefix):
        stem, digits = prefix, DIGITS_AFTER_PREFIX
    if len(stem) + digits > rule.length:
        raise NameTooLong(
            f"{rule.input!r} may have {rule.length} characters, and {stem!r} with {digits} that "
            f"are made up has {len(stem) + digits}: give the resource a shorter name"
        )
    ending = ".fifo" if rule.fifo and inputs.get(rule.fifo) is True else ""
    return f"{stem}{hashlib.sha256(seed).hexdigest()[:digits]}{ending}"
