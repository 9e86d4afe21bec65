"""The calls on what publishers remember of a `latest` channel's audience, and on its name."""

from dataclasses import dataclass

from tests.unit.model.latest_table import Moves, World, as_row, name, seen
from tests.unit.model.system import Call, Step


@dataclass(frozen=True)
class Seen:
    version: int
    name: int | None
    """The audience's, where it has one."""


def read_audience() -> Call[World]:
    """As `read_state`, with the audience's name."""
    return Call("read STATE", lambda world: [Step(Seen(world.version, name(world)), world)])


def forget_audience() -> Call[World]:
    """REMOVE audience; what is remembered under that name is never found again."""

    def steps(world: World) -> Moves:
        nameless = world._replace(names=world.names + 1, named=False, remembered=None)
        yield Step(world.version, nameless if world.named else world)

    return Call("REMOVE audience", steps)


def find(known_as: int | None) -> Call[World]:
    """All watchers: remembered under that name, or read and remembered.

    A process forgets when it likes, and another one knows nothing: each may have to read.
    """

    def steps(world: World) -> Moves:
        is_current = known_as is not None and known_as == name(world)
        if is_current and world.remembered is not None:
            yield Step(as_row(world, *world.remembered, known_as), world)
        yield from find_again(known_as).steps(world)

    return Call("find audience", steps)


def find_again(known_as: int | None) -> Call[World]:
    def steps(world: World) -> Moves:
        is_current = known_as is not None and known_as == name(world)
        after = world._replace(remembered=(world.row,)) if is_current else world
        yield Step(seen(world), after)

    return Call("query and remember", steps)
