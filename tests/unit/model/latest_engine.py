"""The functions of the delivery engine on a `latest` channel, call by call.

Read it beside the handlers: each method is one of their functions, in the same order of calls.
What a mutation reorders is a method of its own, so that a mutation is a subclass with one method.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import permutations

from tests.unit.model.latest_scenario import Scenario
from tests.unit.model.latest_table import (
    CONNECTION,
    LAST_ATTEMPT,
    CatchUp,
    Claimed,
    Click,
    Connect,
    Flush,
    Forget,
    Held,
    Joined,
    Open,
    Outcome,
    Publish,
    Range,
    Row,
    Socket,
    Subscribe,
    Superseded,
    World,
    begin_connect,
    claim,
    count,
    delete_rows,
    disarm,
    disconnect,
    join,
    open_socket,
    post,
    put_row,
    query,
    read_row,
    read_state,
    read_total,
    reply,
    send,
)
from tests.unit.model.system import Call, Handler, Message, Messages, Undelivered

EVERYBODY = Range(None, None)
Calls = Handler[World]


class Engine:
    """The design, as it is meant to be."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.crashes, self.duplicates = scenario.crashes, scenario.duplicates

    # subscriptions.py

    def connect(self) -> Calls:
        before: int = yield begin_connect(self.scenario.since)
        yield put_row("connect")
        after: int = yield read_state()
        if after > before:
            yield send(CatchUp(before))

    def subscribe(self) -> Calls:
        yield put_row("subscribe")
        version: int = yield read_state()
        yield self.reply(version)

    # counting.py of the clicks, a source that finds its version by itself

    def aggregate(self, tokens: tuple[str, ...]) -> Calls:
        yield count(tokens)
        total: int = yield read_total()
        yield from self.publish(total, tokens)

    # publisher.py

    def publish(self, version: int, tokens: tuple[str, ...]) -> Calls:
        claim: Claimed | Held | Superseded = yield self.claim(version)
        if isinstance(claim, Claimed):
            yield from self.fan_out(claim.version)
            return
        if isinstance(claim, Superseded):
            yield from self.superseded(claim, tokens)
            return
        joined: Joined | Superseded = yield join(version, tokens[0])
        if isinstance(joined, Superseded):
            yield from self.superseded(joined, tokens)
            return
        yield from self.send_flush(joined.armed, tokens)

    def superseded(self, newer: Superseded, tokens: tuple[str, ...]) -> Calls:
        yield from self.send_flush(newer.armed, tokens)

    def send_flush(self, armed: str | None, tokens: tuple[str, ...]) -> Calls:
        if armed is not None and armed in tokens:
            yield send(Flush(armed))

    def flush(self, task: Flush) -> Calls:
        version: int | None = yield disarm(task.token)
        if version is None:
            yield from self.flush_again()
        else:
            yield from self.fan_out(version)

    def flush_again(self) -> Calls:
        version: int = yield read_state()
        yield from self.fan_out(version)

    # delivery.py

    def fan_out(self, version: int) -> Calls:
        # The rows that are read to see that they are too many decide nothing else.
        if self.scenario.large_audience:
            yield from self.send_tasks(EVERYBODY)
            return
        row: Row | None = yield self.query(EVERYBODY)
        yield from self.serve(version, row, EVERYBODY)

    def fan_out_range(self, task: Range) -> Calls:
        version: int = yield self.read_state_for_range()
        if task == EVERYBODY and self.scenario.large_audience:
            yield from self.cut()
            return
        row: Row | None = yield self.query(task)
        yield from self.serve(version, row, task)

    def cut(self) -> Calls:
        """A request for each page of rows, and between two of them a worker may die."""
        yield from self.send_tasks(Range(None, CONNECTION))
        yield from self.send_tasks(Range(CONNECTION, None))

    def serve(self, version: int, row: Row | None, share: Range) -> Calls:
        if row is None:
            return
        outcome: Outcome = yield self.post(version, inline=True)
        yield from self.send_tasks(*self.remedies(version, row, outcome, share))

    def remedies(
        self, version: int, row: Row, outcome: Outcome, share: Range
    ) -> Sequence[Range | CatchUp | Forget]:
        match outcome:
            case Outcome.DELIVERED:
                return []
            case Outcome.UNSTARTED:
                return [share]
            case Outcome.GONE if not row.may_be_opening:
                return [Forget()]
            case _:
                return [CatchUp(version, superseded_by_newer=True)]

    def send_tasks(self, *tasks: Range | CatchUp | Forget) -> Calls:
        if tasks:
            yield send(*tasks)

    # catch_up.py

    def catch_up(self, task: CatchUp) -> Calls:
        row: Row | None = yield self.read_row(task.attempt)
        if row is None:
            return
        version: int = yield read_state()
        if not self.is_due(task, version):
            return
        outcome: Outcome = yield self.post(version)
        yield from self.remedy(task, row, outcome)

    def is_due(self, task: CatchUp, version: int) -> bool:
        if task.superseded_by_newer:
            return version <= task.version
        return version > task.version

    def remedy(self, task: CatchUp, row: Row, outcome: Outcome) -> Calls:
        match outcome:
            case Outcome.DELIVERED:
                pass
            case Outcome.GONE if not row.may_be_opening:
                yield delete_rows()
            case _ if task.attempt < LAST_ATTEMPT:
                yield send(replace(task, attempt=task.attempt + 1))
            case Outcome.GONE:
                yield delete_rows()
            case Outcome.SLOW:
                yield disconnect()
                yield delete_rows()
            case _:
                raise Undelivered

    # One request each; a mutation puts another one in its place

    def claim(self, version: int) -> Call[World]:
        return claim(version)

    def query(self, rows: Range) -> Call[World]:
        return query(rows)

    def read_state_for_range(self) -> Call[World]:
        return read_state()

    def read_row(self, attempt: int) -> Call[World]:
        return read_row(attempt)

    def post(self, version: int, *, inline: bool = False) -> Call[World]:
        return post(version, inline=inline)

    def reply(self, version: int) -> Call[World]:
        return reply(version)

    # What the checker asks

    def start(self) -> tuple[World, Messages]:
        scenario = self.scenario
        plain = scenario.watcher != "subscribes"
        world = World(
            version=scenario.first_version,
            armed=None,
            row=None,
            socket=Socket.NONE if plain else Socket.OPEN,
            shown=0,
            went_back=False,
            promised=None,
            counted=frozenset(f"click {n}" for n in range(scenario.first_version)),
            faults=scenario.faults,
        )
        return world, (*scenario.publishing, Connect() if plain else Subscribe())

    def handle(self, messages: Messages) -> Calls:
        tokens = tuple(message.token for message in messages if isinstance(message, Click))
        return self.aggregate(tokens) if tokens else self.handle_one(messages[0])

    def handle_one(self, message: Message) -> Calls:
        match message:
            case Publish(token, version):
                yield from self.publish(version, (token,))
            case Flush():
                yield from self.flush(message)
            case Range():
                yield from self.fan_out_range(message)
            case CatchUp():
                yield from self.catch_up(message)
            case Forget():
                yield delete_rows()
            case Connect():
                yield from self.connect()
            case Open():
                yield open_socket()
            case _:
                yield from self.subscribe()

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
