"""The engine of `every` channels with one step moved or left out; each must lose something."""

from tests.unit.model.every_engine import Calls, Engine
from tests.unit.model.every_table import (
    Appended,
    CatchUp,
    Event,
    Known,
    Moves,
    Recovery,
    Subscribe,
    World,
    begin_connect,
    post,
    put_row,
    read_messages,
    read_sequence,
    reply,
    send,
)
from tests.unit.model.latest_messages import Forget
from tests.unit.model.latest_table import Outcome, Row
from tests.unit.model.system import Call, Step


class NumbersOutsideTheTransaction(Engine):
    """ADD to SEQ, then put the message with its id."""

    def publish_event(self, event: Event) -> Calls:
        number: int = yield self.add()
        stored: Appended | Known = yield self.put(number, event.id)
        yield from self.fan_out(stored.number)

    def add(self) -> Call[World]:
        def steps(world: World) -> Moves:
            yield Step(world.number + 1, world._replace(number=world.number + 1))

        return Call("ADD 1 to SEQ", steps)

    def put(self, number: int, id: str) -> Call[World]:  # noqa: A002 - the publisher's word for it
        def steps(world: World) -> Moves:
            known = {known: number for number, known in world.log}
            if id in known:
                yield Step(Known(known[id]), world)
            else:
                log = (*world.log, (number, id))
                yield Step(Appended(number), world._replace(log=log))

        return Call(f"put {number}", steps)


class IgnoresKnownIds(Engine):
    """The message is stored under a new number whenever it comes."""

    def publish_event(self, event: Event) -> Calls:
        def steps(world: World) -> Moves:
            number = world.number + 1
            yield Step(number, world._replace(number=number, log=(*world.log, (number, event.id))))

        number: int = yield Call("append", steps)
        yield from self.fan_out(number)


class KnownIdStops(Engine):
    def push_again(self, number: int) -> Calls:  # noqa: ARG002
        yield from ()


class ReadsHistoryBeforeRow(Engine):
    def subscribe(self, message: Subscribe) -> Calls:
        until: int = yield read_sequence()
        found: tuple[int, ...] = yield read_messages(message.since or 0, until)
        yield put_row("subscribe")
        answer = Recovery(until)
        if message.since is not None:
            answer = self.recovery(message.since, until, found)
        yield reply(message.since, answer)


class ReadsHistoryBeforeSequence(Engine):
    def subscribe(self, message: Subscribe) -> Calls:
        yield put_row("subscribe")
        found: tuple[int, ...] = yield read_messages(message.since or 0)
        until: int = yield read_sequence()
        answer = Recovery(until)
        if message.since is not None:
            answer = self.recovery(message.since, until, found)
        yield reply(message.since, answer)


class RecoversInPart(Engine):
    """Replies with what is left, and calls it recovered."""

    def recovery(self, since: int, until: int, found: tuple[int, ...]) -> Recovery:  # noqa: ARG002
        return self.fitting(until, found)


class SaysNothingOfMore(Engine):
    def fitting(self, until: int, found: tuple[int, ...]) -> Recovery:
        messages = found[: self.scenario.messages_per_reply]
        return Recovery(until, recovered=True, messages=messages)


class ClientDropsWhatIsNotGreater(Engine):
    """The rule of `latest` channels."""

    def post(self, number: int) -> Call[World]:
        def steps(world: World) -> Moves:
            newest = max((world.position or 0, *world.shown, *world.kept_back))
            if number > newest:
                yield Step(Outcome.DELIVERED, world._replace(shown=(*world.shown, number)))
            else:
                yield Step(Outcome.DELIVERED, world)

        return Call(f"post {number}", steps)


class ClientKeepsNothingBack(Engine):
    def post(self, number: int) -> Call[World]:
        return post(number, plain=True)


class ConnectSendsNoCatchUp(Engine):
    def connect(self) -> Calls:
        yield begin_connect()
        yield put_row("connect")


class Young410IsIgnored(Engine):
    def remedies(self, number: int, row: Row, outcome: Outcome) -> Calls:
        if outcome is not Outcome.GONE:
            yield from super().remedies(number, row, outcome)


class Young410Deletes(Engine):
    def remedies(self, number: int, row: Row, outcome: Outcome) -> Calls:
        if outcome is Outcome.GONE:
            yield send(Forget())
        else:
            yield from super().remedies(number, row, outcome)


class FailedPostIsDropped(Engine):
    def remedies(self, number: int, row: Row, outcome: Outcome) -> Calls:
        if outcome is not Outcome.FAILED:
            yield from super().remedies(number, row, outcome)


class CatchUpStartsBehindTheMessage(Engine):
    """It carries the message's own number as what the watcher has."""

    def remedies(self, number: int, row: Row, outcome: Outcome) -> Calls:  # noqa: ARG002
        if outcome is not Outcome.DELIVERED:
            yield send(CatchUp(number))
