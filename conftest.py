"""What holds for every test in the repository, those of the examples too."""

import os

from hypothesis import settings

# A property is true or false however busy the machine is; pytest's timeout ends a test that hangs.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Functions make their clients at import, before any fixture. No test may reach an account.
os.environ |= {  # noqa: TID251 - of the tests, not of a function
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
