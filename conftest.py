"""What holds for every test in the repository, those of the examples too."""

import gc
import os
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import settings
from xdist.scheduler import LoadGroupScheduling

# By default a collection walks all that a test imports, and no test drops, so often that it takes a
# quarter of the time of a stack of Pulumi's.
gc.set_threshold(50_000, 20, 50)

# Every client reads the same service models. A session keeps them to itself, and moto begins a
# session with each test: to make a client then takes longer than most tests.
session: Any = botocore.session
session.create_loader = cache(session.create_loader)

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


class ByModule(LoadGroupScheduling):
    """A module without a group stays with one worker too, which makes the module's fixtures once.

    xdist gives out such tests one by one, and looks at all of them whenever one has ended.
    """

    def _split_scope(self, nodeid: str) -> str:
        return super()._split_scope(nodeid).partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # of xdist, without which there is nothing to give out
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    return ByModule(config, log) if config.option.dist == "loadgroup" else None
