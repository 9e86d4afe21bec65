"""The functions of the delivery engine on an `every` channel, call by call.

As in `latest_engine`, each method is one function of the handlers, and a mutation is a subclass.
Ranges are left out: a range reads the message it names, whose content never changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from tests.unit.model.every_table import (
    Appended,
    CatchUp,
    Event,
    Expire,
    Known,
    Moved,
    Recovery,
    Subscribe,
    World,
    append,
    begin_connect,
    delete_rows,
    expire,
    open_socket,
    post,
    put_row,
    query,
    read_message,
    read_messages,
    read_row,
    read_sequence,
    reply,
    send,
)
from tests.unit.model.latest_messages import Connect, Forget, Open
from tests.unit.model.latest_table import LAST_ATTEMPT, Outcome, Row, Socket
from tests.unit.model.system import Call, Handler, Message, Messages, Undelivered

Calls = Handler[World]


@dataclass(frozen=True)
class Scenario:
    ids: tuple[str, ...] = ("a", "b")
    watcher: Literal["subscribes", "plain"] = "subscribes"
    since: int | None = None
    history: int = 0
    """How many messages there are before anything happens."""
    expiring: int = 0
    """How many of them may expire, at any time."""
    messages_per_reply: int = 9
    crashes: int = 0
    duplicates: int = 0
    duplicated: tuple[type, ...] = (Event, CatchUp)
    faults: int = 0

    @property
    def plain(self) -> bool:
        return self.watcher == "plain"


class Engine:
    """The design, as it is meant to be."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.crashes, self.duplicates = scenario.crashes, scenario.duplicates

    # every/events.py

    def publish_event(self, event: Event) -> Calls:
        numbered: Appended | Known | Moved = Moved()
        while isinstance(numbered, Moved):
            number: int = yield read_sequence()
            numbered = yield append(number, event.id)
        if isinstance(numbered, Known):
            yield from self.push_again(numbered.number)
        else:
            yield from self.fan_out(numbered.number)

    def push_again(self, number: int) -> Calls:
        is_kept: bool = yield read_message(number)
        if is_kept:
            yield from self.fan_out(number)

    # delivery/audience.py

    def fan_out(self, number: int) -> Calls:
        row: Row | None = yield query()
        if row is None:
            return
        outcome: Outcome = yield self.post(number)
        yield from self.remedies(number, row, outcome)

    def remedies(self, number: int, row: Row, outcome: Outcome) -> Calls:
        match outcome:
            case Outcome.DELIVERED:
                pass
            case Outcome.GONE if not row.may_be_opening:
                yield send(Forget())
            case _:
                yield send(CatchUp(number - 1))

    # catch_up.py

    def catch_up(self, task: CatchUp) -> Calls:
        row: Row | None = yield read_row(task.attempt, LAST_ATTEMPT)
        if row is None:
            return
        until: int = yield read_sequence()
        missing: tuple[int, ...] = yield read_messages(task.version, until)
        for number in missing:
            outcome: Outcome = yield self.post(number)
            if outcome is not Outcome.DELIVERED:
                yield from self.remedy(task, row, outcome)
                return
            task = replace(task, version=number)

    def remedy(self, task: CatchUp, row: Row, outcome: Outcome) -> Calls:
        if outcome is Outcome.GONE and not row.may_be_opening:
            yield delete_rows()
        elif task.attempt < LAST_ATTEMPT:
            yield send(replace(task, attempt=task.attempt + 1))
        elif outcome is Outcome.GONE:
            yield delete_rows()
        else:
            raise Undelivered

    # subscriptions.py, messages.py and recovery.py

    def connect(self) -> Calls:
        before: int = yield begin_connect()
        yield put_row("connect")
        after: int = yield read_sequence()
        if after > before:
            yield send(CatchUp(before))

    def subscribe(self, message: Subscribe) -> Calls:
        yield put_row("subscribe")
        until: int = yield read_sequence()
        yield from self.recover(message.since, until)

    def recover(self, since: int | None, until: int) -> Calls:
        if since is None:
            yield reply(since, Recovery(until))
            return
        found: tuple[int, ...] = yield read_messages(since, until)
        yield reply(since, self.recovery(since, until, found))

    def recovery(self, since: int, until: int, found: tuple[int, ...]) -> Recovery:
        first = since + 1
        if since == 0:  # the whole history, as far as it is kept
            first = until + 1 - len(found)
        if list(found) != list(range(first, until + 1)):
            return Recovery(until)
        return self.fitting(until, found)

    def fitting(self, until: int, found: tuple[int, ...]) -> Recovery:
        messages = found[: self.scenario.messages_per_reply]
        more = bool(messages) and messages[-1] < until
        return Recovery(until, recovered=True, messages=messages, more=more)

    # One request; a mutation puts another one in its place

    def post(self, number: int) -> Call[World]:
        return post(number, plain=self.scenario.plain)

    # What the checker asks

    def start(self) -> tuple[World, Messages]:
        scenario = self.scenario
        world = World(
            number=scenario.history,
            log=tuple((number, f"old {number}") for number in range(1, scenario.history + 1)),
            expired=0,
            row=None,
            socket=Socket.NONE if scenario.plain else Socket.OPEN,
            promised=None,
            position=scenario.since,
            kept_back=frozenset(),
            shown=(),
            given_up=frozenset(),
            wrong=None,
            faults=scenario.faults,
        )
        watcher = Connect() if scenario.plain else Subscribe(scenario.since)
        return world, (*map(Event, scenario.ids), watcher, *[Expire()] * scenario.expiring)

    def handle(self, messages: Messages) -> Calls:
        match messages[0]:
            case Event():
                yield from self.publish_event(messages[0])
            case CatchUp():
                yield from self.catch_up(messages[0])
            case Subscribe():
                yield from self.subscribe(messages[0])
            case Connect():
                yield from self.connect()
            case Open():
                yield open_socket()
            case Expire():
                yield expire()
            case _:
                yield delete_rows()

    def batches(self, waiting: Messages) -> Iterable[Messages]:
        return ((message,) for message in waiting)

    def may_be_duplicated(self, message: Message) -> bool:
        return isinstance(message, self.scenario.duplicated)

    def returned(self, messages: Messages) -> Messages:
        return (Open(),) if messages == (Connect(),) else ()

    def crashed(self, world: World, messages: Messages) -> tuple[World, Messages]:
        if Connect() in messages:
            return world._replace(socket=Socket.CLOSED), ()
        # Time is no process that could die.
        return world, messages

    def broken(self, world: World) -> str | None:
        ids = [known for _, known in world.log]
        if len({*ids}) < len(ids):
            return "an id is stored under two numbers"
        in_order = list(world.shown) == sorted({*world.shown})
        if not self.scenario.plain and not in_order:
            return f"the client shows {world.shown}"
        return world.wrong

    def broken_at_the_end(self, world: World) -> str | None:
        numbers = [number for number, _ in sorted(world.log)]
        if numbers != list(range(1, world.number + 1)):
            return f"numbers {numbers} are stored, SEQ is {world.number}"
        if world.socket is not Socket.OPEN or world.promised is None:
            return None
        owed = {*range(world.promised + 1, world.number + 1)}
        missing = sorted(owed - {*world.shown} - world.given_up)
        return f"the client never sees {missing}" if missing else None
