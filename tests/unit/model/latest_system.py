"""What the checker asks of a `latest` channel: how it begins, what comes again, and its promise."""

from collections.abc import Iterable
from itertools import permutations

from tests.unit.model.latest_messages import Click, Connect, Open, Subscribe
from tests.unit.model.latest_scenario import Scenario
from tests.unit.model.latest_table import Socket, World
from tests.unit.model.system import Message, Messages


class LatestChannel:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.crashes, self.duplicates = scenario.crashes, scenario.duplicates

    def start(self) -> tuple[World, Messages]:
        scenario = self.scenario
        plain = scenario.watcher != "subscribes"
        world = World(
            version=scenario.first_version,
            armed=None,
            flushed=None,
            row=None,
            socket=Socket.NONE if plain else Socket.OPEN,
            shown=0,
            went_back=False,
            promised=None,
            counted=frozenset(f"click {n}" for n in range(scenario.first_version)),
            faults=scenario.faults,
        )
        return world, (*scenario.publishing, Connect() if plain else Subscribe())

    def batches(self, waiting: Messages) -> Iterable[Messages]:
        yield from ((message,) for message in waiting)
        yield from permutations([m for m in waiting if isinstance(m, Click)], 2)

    def may_be_duplicated(self, message: Message) -> bool:
        return isinstance(message, self.scenario.duplicated)

    def returned(self, messages: Messages) -> Messages:
        if messages == (Connect(),):
            return (Open(),)
        subscribes = self.scenario.watcher == "plain, then subscribes"
        return (Subscribe(),) if messages == (Open(),) and subscribes else ()

    def crashed(self, world: World, messages: Messages) -> tuple[World, Messages]:
        if Connect() in messages:  # the handshake is refused, and nobody tries it again
            return world._replace(socket=Socket.CLOSED), ()
        return world, messages

    def broken(self, world: World) -> str | None:
        return "the screen went back" if world.went_back else None

    def broken_at_the_end(self, world: World) -> str | None:
        last = self.scenario.last_version
        if world.version != last:
            return f"STATE holds v{world.version}, v{last} was published"
        owed = self.scenario.watcher != "plain" or last > (world.promised or 0)
        if world.socket is Socket.OPEN and owed and world.shown != last:
            return f"the screen shows v{world.shown}, v{last} was published"
        return None
