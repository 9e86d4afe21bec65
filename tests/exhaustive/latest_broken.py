"""Designs of a `latest` channel with one step moved, left out or repeated.

Each replaces one method of a port, or of what stands behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from handlers.realtime.connections import delete_connection
from handlers.realtime.delivery.outcomes import HANDSHAKE_MS
from handlers.realtime.engine import Engine
from handlers.realtime.model import Outcome, Page, Position, Retry, State, Task, Update
from handlers.realtime.ports import Led, Superseded
from tests.fakes.schedule import step

from .explorer import Script
from .latest import Latest
from .latest_setup import CHANNEL, CLIENT, Store, publish, update
from .situation import Actor, Changed


def changing_table(kind: type[Changed]) -> Callable[[Actor, Engine], Engine]:
    """Puts one object in the place of both ports to the rows and the states."""

    def change(actor: Actor, engine: Engine) -> Engine:
        changed: Any = kind(engine.store, actor)
        return replace(engine, store=changed, states=changed)

    return change


class ReadsTheStateBeforeItsRow(Changed):
    state: State | None

    async def put_subscription(self, *args: Any) -> None:
        self.state = await self.port.read_state(CHANNEL)
        await self.port.put_subscription(*args)

    async def read_state(self, _: str) -> State | None:
        return self.state


class ReadsTheRowsBeforeItWrites(Changed):
    page: Page

    async def lead(self, *args: Any) -> Any:
        self.page = await self.port.subscriptions(CHANNEL)
        return await self.port.lead(*args)

    async def subscriptions(self, *_: Any, **__: Any) -> Page:
        return self.page


class Lagging(Store):
    """With a copy that is behind, until it has caught up."""

    def __init__(self) -> None:
        super().__init__()
        self.is_behind = True
        self.before: State | None = None

    def _write(self, update: Update) -> None:
        self.before = self.states.get(update.channel)
        super()._write(update)


class Index(Lagging):
    async def subscriptions(self, *args: Any, **kwargs: Any) -> Page:
        page = await super().subscriptions(*args, **kwargs)
        return Page([], None) if self.is_behind else page


async def the_copy_catches_up(world: Latest, _: Engine, script: Script) -> None:
    store = world.fakes.store
    assert isinstance(store, Lagging)
    await script.do(lambda: setattr(store, "is_behind", False))


class OldState(Lagging):
    async def read_old_state(self, channel: str) -> State | None:
        state = await super().read_state(channel)
        return self.before if self.is_behind else state


class ReadsAnOldState(Changed):
    async def read_state(self, channel: str) -> State | None:
        return await self.port.read_old_state(channel)


class StopsAtAnEqualVersion(Store):
    def _is_newer(self, update: Update) -> bool:
        state = self.states.get(update.channel)
        return state is not None and state.version >= update.version


class ForgetsTheLastTrail(Store):
    async def trail(self, channel: str, *args: Any, **kwargs: Any) -> State | None:
        state = await super().trail(channel, *args, **kwargs)
        self.cooldowns[channel] = replace(self.cooldowns[channel], trailed=None)
        return state


class IsNotCalledAgain(Changed):
    async def lead(self, *args: Any) -> Any:
        self.actor.acknowledges = True
        return await self.port.lead(*args)


class AcknowledgesBeforeItSends(Changed):
    async def send(self, *args: Any, **kwargs: Any) -> None:
        self.actor.acknowledges = True
        await self.port.send(*args, **kwargs)


class AcknowledgesBeforeItPushes(Changed):
    async def lead(self, *args: Any) -> Any:
        led = await self.port.lead(*args)
        self.actor.acknowledges = isinstance(led, Led)
        return led


class ReadsBeforeItTakes(Changed):
    async def trail(self, channel: str, *args: Any) -> State | None:
        state = await self.port.read_state(channel)
        return state if await self.port.trail(channel, *args) else None


class IgnoresItsToken(Changed):
    async def lead(self, *args: Any) -> Any:
        answer = await self.port.lead(*args)
        return replace(answer, trailing=None) if isinstance(answer, Superseded) else answer

    async def defer(self, *args: Any) -> Any:
        answer = await self.port.defer(*args)
        return replace(answer, trailing=None) if isinstance(answer, Superseded) else answer


async def knowing_its_first_token(tokens: Sequence[str], engine: Engine) -> None:
    store: Any = engine.store
    await store.count(tokens)
    await publish(engine, update(await store.total()), tokens[:1])


async def publishing_only_what_is_new(tokens: Sequence[str], engine: Engine) -> None:
    store: Any = engine.store
    if await store.count(tokens):
        await publish(engine, update(await store.total()), tokens)


class SendsNothing(Changed):
    async def send(self, *_: Any, **__: Any) -> None:
        await step()


def ignoring(outcome: Outcome) -> type[Changed]:
    class Ignores(Changed):
        async def post_all(self, *args: Any) -> Any:
            outcomes = await self.port.post_all(*args)
            return {
                connection_id: Outcome.DELIVERED if found is outcome else found
                for connection_id, found in outcomes.items()
            }

    return Ignores


class LeavesTheEdgeOut(Changed):
    async def subscriptions(self, *args: Any, **kwargs: Any) -> Page:
        page = await self.port.subscriptions(*args, **kwargs)
        until = args[2] if len(args) > 2 else None
        return replace(
            page, subscriptions=[r for r in page.subscriptions if r.connection_id != until]
        )


class ReadsAgainBeforeItsRow(Changed):
    state: State | None
    has_row = False

    async def put_connection(self, *args: Any) -> None:
        await self.port.put_connection(*args)
        self.state = await self.port.read_state(CHANNEL)

    async def put_subscription(self, *args: Any) -> None:
        self.has_row = True
        await self.port.put_subscription(*args)

    async def read_state(self, channel: str) -> State | None:
        return self.state if self.has_row else await self.port.read_state(channel)


class StopsForNewer(Changed):
    async def send(self, tasks: Sequence[Task], **kwargs: Any) -> None:
        at = Position(0, 0)
        stopping: list[Task] = [
            replace(task, position=at, span=False) if isinstance(task, Retry) else task
            for task in tasks
        ]
        await self.port.send(stopping, **kwargs)


def taking_every_410_for_the_end(_: Actor, engine: Engine) -> Engine:
    now_ms = engine.now_ms
    return replace(engine, now_ms=lambda: now_ms() + HANDSHAKE_MS)


def judging_the_age_after_the_post(actor: Actor, engine: Engine) -> Engine:
    class Posts(Changed):
        async def post_all(self, *args: Any) -> Any:
            outcomes = await self.port.post_all(*args)
            await engine.sleep(0)  # while others are posted to
            if outcomes.get(CLIENT) is Outcome.GONE and engine.now_ms() >= HANDSHAKE_MS:
                await delete_connection(engine.store, CLIENT, also=[CHANNEL])
                return {CLIENT: Outcome.DELIVERED}
            return outcomes

    posts: Any = Posts(engine.posts, actor)
    return replace(engine, posts=posts)


class TriesOnce(Changed):
    async def send(self, tasks: Sequence[Task], **kwargs: Any) -> None:
        last: list[Task] = [
            replace(task, attempt=5) if isinstance(task, Retry) else task for task in tasks
        ]
        await self.port.send(last, **kwargs)


def received(_: tuple[int, int], position: tuple[int, int]) -> tuple[int, int]:
    return position
