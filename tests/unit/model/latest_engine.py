"""The functions of the delivery engine on a `latest` channel, call by call.

Read it beside the handlers: each method is one of their functions, in the same order of calls.
What a mutation reorders is a method of its own, so that a mutation is a subclass with one method.
"""

from collections.abc import Sequence
from dataclasses import replace

from tests.unit.model.latest_messages import (
    CatchUp,
    Click,
    Connect,
    Flush,
    Forget,
    Open,
    Publish,
    Range,
    Rest,
    Task,
)
from tests.unit.model.latest_system import LatestChannel
from tests.unit.model.latest_table import (
    CONNECTION,
    LAST_ATTEMPT,
    Claimed,
    Joined,
    Moves,
    Outcome,
    Row,
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


class Engine(LatestChannel):
    """The design, as it is meant to be."""

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
        written: Claimed | Joined | Superseded = yield self.write(version, tokens[0])
        match written:
            case Claimed():
                yield from self.fan_out(written)
            case Joined():
                yield from self.send_flush(written.armed, tokens)
            case Superseded():
                yield from self.superseded(written, tokens)

    def superseded(self, newer: Superseded, tokens: tuple[str, ...]) -> Calls:
        yield from self.send_flush(newer.armed, tokens)

    def send_flush(self, armed: str | None, tokens: tuple[str, ...]) -> Calls:
        if armed is not None and armed in tokens:
            yield send(Flush(armed))

    def flush(self, task: Flush) -> Calls:
        won: Claimed | None = yield self.disarm(task.token)
        if won is not None:
            yield from self.fan_out(won)

    # delivery/audience.py

    def fan_out(self, won: Claimed) -> Calls:
        # The rows that are read to see that they are too many decide nothing else.
        if self.scenario.large_audience:
            yield from self.send_tasks(EVERYBODY)
            return
        row: Row | None = yield self.query(EVERYBODY)
        yield from self.serve(won.version, row, EVERYBODY)

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

    def remedies(self, version: int, row: Row, outcome: Outcome, share: Range) -> Sequence[Task]:
        match outcome:
            case Outcome.DELIVERED:
                return []
            case Outcome.UNSTARTED:
                return [Rest() if share == EVERYBODY else share]
            case Outcome.UNANSWERED if share == EVERYBODY:
                return [Rest(superseded_by=version)]
            case Outcome.GONE if not row.may_be_opening:
                return [Forget()]
            case _:
                return [CatchUp(version, superseded_by_newer=True)]

    def serve_rest(self, task: Rest) -> Calls:
        """Without its row: whoever wrote the task has read it."""
        version: int = yield read_state()
        if task.superseded_by is not None and version > task.superseded_by:
            return
        outcome: Outcome = yield self.post(version, inline=True)
        if outcome is Outcome.UNSTARTED:
            yield from self.send_tasks(Rest())
        elif outcome is not Outcome.DELIVERED:
            yield from self.send_tasks(CatchUp(version, superseded_by_newer=True))

    def send_tasks(self, *tasks: Task) -> Calls:
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

    def write(self, version: int, token: str) -> Call[World]:
        """A claim; or a join, at any time and in any state.

        For a claim that is refused because of the hold changes nothing, and between that and the
        join the hold may end.
        """
        claims, joins = claim(version), join(version, token)

        def steps(world: World) -> Moves:
            yield from claims.steps(world)
            yield from joins.steps(world)

        return Call(f"{claims.name} or {joins.name}", steps)

    def disarm(self, token: str) -> Call[World]:
        return disarm(token)

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

    def handle(self, messages: Messages) -> Calls:
        tokens = tuple(message.token for message in messages if isinstance(message, Click))
        return self.aggregate(tokens) if tokens else self.handle_one(messages[0])

    def handle_one(self, message: Message) -> Calls:
        match message:
            case Publish(token, version):
                yield from self.publish(version, (token,))
            case Flush() | Range() | Rest() | CatchUp() | Forget():
                yield from self.work(message)
            case Connect():
                yield from self.connect()
            case Open():
                yield open_socket()
            case _:
                yield from self.subscribe()

    def work(self, task: Task) -> Calls:
        match task:
            case Flush():
                yield from self.flush(task)
            case Range():
                yield from self.fan_out_range(task)
            case Rest():
                yield from self.serve_rest(task)
            case CatchUp():
                yield from self.catch_up(task)
            case Forget():
                yield delete_rows()
