"""Each mechanism of the engine, and how it is switched off."""

import functools
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from handlers.realtime.delivery import fan_out, rate_limit
from handlers.realtime.delivery.engine import Engine, Limits, Push
from handlers.realtime.delivery.rate_limit import Pacer, Rate

from ..scale import ours
from . import churn

Switch = tuple[object, str, Any]
"""An object, its attribute, and what that is while the mechanism is off."""


async def _as_it_is(_: Engine, push: Push, *_arguments: object, **_named: object) -> Push:
    return push


async def _granted(_: Pacer) -> bool:
    return True


def _always(value: object) -> Callable[..., object]:
    return lambda *_, **__: value


def _limited(**limits: int) -> tuple[Switch, ...]:
    return tuple((where, "Limits", functools.partial(Limits, **limits)) for where in (ours, churn))


MECHANISMS: Mapping[str, tuple[Switch, ...]] = {
    "adaptive interval": ((fan_out, "_adapt_interval", _as_it_is), (fan_out, "UNCOUNTED_MS", 0)),
    "2 s for an uncounted audience": ((fan_out, "UNCOUNTED_MS", 0),),
    "interval planned for 70 % of the rate": ((fan_out, "PLANNED_SHARE", 1.0),),
    "tokens shared by the workers": ((Pacer, "_taken", _granted),),
    "less after 429 (AIMD)": ((Rate, "answered", _always(None)),),
    "a tenth of the rate by static shares": (
        (rate_limit, "SHARED", 1.0),
        (Pacer, "_from_share", _always(value=False)),
    ),
    "tokens by the quarter second": ((rate_limit, "PARTS", 1), (rate_limit, "PART_MS", 1000)),
    "posts from the publisher itself": _limited(inline_maximum=0),
    "waiting for the end of a hold": ((ours, "MAX_WAIT_MS", 0), (churn, "MAX_WAIT_MS", 0)),
}


@contextmanager
def without(name: str) -> Generator[None]:
    with ExitStack() as stack:
        for where, attribute, off in MECHANISMS[name]:
            stack.enter_context(patch.object(where, attribute, off))
        yield
