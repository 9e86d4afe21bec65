"""What a worker does with each task of the delivery queue."""

from ..every import publish
from ..latest.publish import flush
from ..model import Outcome
from .engine import Engine, Published, Push
from .fan_out import fan_out_range
from .retry import catch_up, forget
from .serving import serve_rest
from .tasks import CatchUp, Flush, Forget, Range, Rest, Task


async def work(engine: Engine, task: Task) -> Published | Outcome | None:
    """What became of a push, or of a catch-up; None if nothing was to be posted.

    Returns when nothing depends on the task any more. Raises what the task's own module says.
    """
    match task:
        case Flush():
            return await flush(engine, task)
        case Range():
            push = await _push(engine, task)
            return await fan_out_range(engine, push, task) if push else None
        case Rest():
            push = await _push(engine, task)
            return await serve_rest(engine, push, task) if push and _is_due(task, push) else None
        case CatchUp():
            return await catch_up(engine, task)
        case Forget():
            return await forget(engine, task)


def _is_due(task: Rest, push: Push) -> bool:
    newer = (push.epoch, push.version) > (task.epoch, task.version)
    # Whoever wrote a newer state pushes it to these too, with remedies of its own.
    return not (task.superseded_by_newer and newer)


async def _push(engine: Engine, task: Range | Rest) -> Push | None:
    """What is current now: the task may have waited."""
    if task.message is None:
        state = await engine.store.read_state(task.channel)
        return Push.of(state) if state else None
    sequence = await engine.log.read_sequence(task.channel)
    message = await engine.log.read_message(task.channel, task.message)
    if sequence is None or message is None:
        return None
    return publish.numbered(task.channel, sequence.epoch, message.number, message)
