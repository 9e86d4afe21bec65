"""Each mechanism of the engine, and how it is switched off."""

import functools
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from handlers.realtime.delivery.rate_limit import Rate
from handlers.realtime.engine import Limits
from handlers.realtime.latest import mode
from handlers.realtime.latest.mode import Latest
from tests.fakes.realtime import MemoryStore

from ..scale import ours
from . import churn

Switch = tuple[object, str, Any]
"""An object, its attribute, and what that is while the mechanism is off."""


async def _nothing(*_arguments: object, **_named: object) -> None: ...


async def _granted(*_arguments: object) -> bool:
    return True


def _always(value: object) -> Callable[..., object]:
    return lambda *_, **__: value


def _limited(**limits: int) -> tuple[Switch, ...]:
    return tuple((where, "Limits", functools.partial(Limits, **limits)) for where in (ours, churn))


MECHANISMS: Mapping[str, tuple[Switch, ...]] = {
    "adaptive interval": ((Latest, "adapt_interval", _nothing),),
    "2 s for uncounted subscribers": ((mode, "UNCOUNTED_MS", 0),),
    "interval planned for 70 % of the rate": ((mode, "PLANNED_SHARE", 1.0),),
    "tokens shared by the workers": (
        (ours.Store, "take_tokens", _granted),
        (MemoryStore, "take_tokens", _granted),
    ),
    "less after 429 (AIMD)": ((Rate, "answered", _always(None)),),
    "posts from the publisher itself": _limited(inline_maximum=0),
    "waiting for the end of a cooldown": ((ours, "MAX_WAIT_MS", 0), (churn, "MAX_WAIT_MS", 0)),
}


@contextmanager
def without(name: str) -> Generator[None]:
    with ExitStack() as stack:
        for where, attribute, off in MECHANISMS[name]:
            stack.enter_context(patch.object(where, attribute, off))
        yield
