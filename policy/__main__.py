"""Started by `pulumi preview --policy-pack policy`. It serves the rules and never returns.

Pulumi runs it as a script in this folder, not as part of a package.
"""

from pulumi_policy import PolicyPack
from rules import policies

if __name__ == "__main__":
    PolicyPack("realtime", policies())
