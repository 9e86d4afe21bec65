"""The stacks' real configuration, changed, and what loading it says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from components.stack.settings import Settings, SettingsError, load
from localcloud.stackfile import stack_config
from tests.infra.harness import ROOT, deploy


def loaded(config: Mapping[str, str], stack: str = "dev") -> Settings:
    found: list[Settings] = []
    deploy(lambda: found.append(load()), stack=stack, config=config)
    return found[0]


def changed(stack: str = "dev", **values: str) -> dict[str, str]:
    """The stack's real configuration with some keys set."""
    config = dict(stack_config(ROOT, stack).values)
    return config | {f"realtime:{key}": value for key, value in values.items()}


def planned(
    values: Mapping[str, Any] | None = None, *, stack: str = "dev", region: str = ""
) -> dict[str, str]:
    """The same with settings of its region changed, `throttle.redirectsPerSecond`; None removes.

    With `region` it is moved there, unchanged but for the primary region.
    """
    config = changed(stack)
    ((own, plan),) = json.loads(config["realtime:regions"]).items()
    for path, value in (values or {}).items():
        *groups, name = path.split(".")
        group = plan
        for part in groups:
            group = group[part]
        if value is None:
            del group[name]
        else:
            group[name] = value
    return config | {
        "aws:region": region or own,
        "realtime:regions": json.dumps({region or own: plan}),
    }


def refused(config: Mapping[str, str], stack: str = "dev") -> list[str]:
    with pytest.raises(SettingsError) as refused:
        loaded(config, stack)
    return str(refused.value).splitlines()
