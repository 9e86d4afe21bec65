"""A remembered audience with one step of it moved or left out; each must lose something."""

from tests.unit.model.audience_table import Seen, find, forget_audience, read_audience
from tests.unit.model.latest_engine import Calls, Engine
from tests.unit.model.latest_messages import CatchUp
from tests.unit.model.latest_table import (
    Moves,
    World,
    as_row,
    begin_connect,
    put_row,
    read_state,
    send,
    settle_row,
)
from tests.unit.model.system import Call, Step


class WatcherLeavesTheName(Engine):
    def forget_audience(self) -> Call[World]:
        return Call("read STATE", lambda world: [Step(world.version, world)])


class WatcherTakesTheNameBeforeItsRow(Engine):
    def subscribe(self) -> Calls:
        version: int = yield from self.state_as_joined()
        yield put_row("subscribe")
        yield settle_row()
        yield self.reply(version)


class WatcherShowsWhatItReadFirst(Engine):
    """And not the state as it was when the name was taken."""

    def subscribe(self) -> Calls:
        yield put_row("subscribe")
        seen: Seen = yield read_audience()
        if seen.name is not None:
            yield forget_audience()
        yield settle_row()
        yield self.reply(seen.version)


class ConnectLeavesTheName(Engine):
    def connect(self) -> Calls:
        before: int = yield begin_connect(self.scenario.since)
        yield put_row("connect")
        after: int = yield read_state()
        if after > before:
            yield send(CatchUp(before))


class RowIsSettledAsItIsPut(Engine):
    """Who put it may have died since, and left the name."""

    def subscribe(self) -> Calls:
        settled: bool = yield put_row("subscribe")
        yield settle_row()
        if settled:
            seen: Seen = yield read_audience()
            yield self.reply(seen.version)
            return
        version: int = yield from self.state_as_joined()
        yield self.reply(version)


class NameIsGivenAgain(Engine):
    """As the id of a message would be, which is delivered again."""

    def forget_audience(self) -> Call[World]:
        return Call(
            "REMOVE audience", lambda world: [Step(world.version, world._replace(named=False))]
        )


class NamesAreNotCompared(Engine):
    """What is remembered is used whatever the audience is called now."""

    def forget_audience(self) -> Call[World]:
        def steps(world: World) -> Moves:
            after = world._replace(names=world.names + 1, named=False)
            yield Step(world.version, after if world.named else world)

        return Call("REMOVE audience", steps)

    def find(self, known_as: int | None) -> Call[World]:
        def steps(world: World) -> Moves:
            if world.remembered is not None:
                yield Step(as_row(world, *world.remembered, known_as), world)
            yield from find(known_as).steps(world)

        return Call("find any audience", steps)
