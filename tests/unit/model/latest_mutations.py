"""The engine with one step of it moved or left out; each must lose something.

A mutation that held would mean that the step is not needed, or that the model does not see it.
"""

from collections.abc import Sequence
from dataclasses import replace

from tests.unit.model.latest_engine import EVERYBODY, Calls, Engine
from tests.unit.model.latest_messages import CatchUp, Flush, Forget, Publish, Range, Rest, Task
from tests.unit.model.latest_table import (
    CONNECTION,
    Claimed,
    Joined,
    Moves,
    Outcome,
    Row,
    Superseded,
    World,
    acknowledge,
    begin_connect,
    count,
    disarm,
    post,
    put_row,
    query,
    read_row,
    read_state,
    read_total,
    reply,
    seen,
    send,
)
from tests.unit.model.system import Call, Messages, Step


class ReadsStateBeforeRow(Engine):
    def subscribe(self) -> Calls:
        version: int = yield read_state()
        yield put_row("subscribe")
        yield reply(version)


class QueriesBeforeClaim(Engine):
    def publish(self, version: int, tokens: tuple[str, ...]) -> Calls:  # noqa: ARG002 - no flush
        def write(world: World) -> Moves:
            yield Step(None, world._replace(version=max(world.version, version)))

        row: Row | None = yield query(EVERYBODY)
        yield Call(f"write v{version}", write)
        yield from self.serve(version, row, EVERYBODY)


class QueriesAnIndex(Engine):
    """A global secondary index shows a row some time after it is written."""

    def query(self, rows: Range) -> Call[World]:
        def steps(world: World) -> Moves:
            yield from query(rows).steps(world)
            yield Step(None, world)

        return Call("query index", steps)


class EqualVersionStops(Engine):
    def write(self, version: int, token: str) -> Call[World]:
        def steps(world: World) -> Moves:
            if world.version == version:
                yield Step(Superseded(world.armed), world)
            else:
                yield from super(EqualVersionStops, self).write(version, token).steps(world)

        return Call(f"CLAIM or JOIN v{version} IF newer", steps)


class AcknowledgesBeforeFlushIsSent(Engine):
    def send_flush(self, armed: str | None, tokens: tuple[str, ...]) -> Calls:
        yield acknowledge()
        yield from super().send_flush(armed, tokens)


class SupersededSendsNoFlush(Engine):
    """Without the rule that whoever finds its own token in `armed` sends the flush."""

    def superseded(self, newer: Superseded, tokens: tuple[str, ...]) -> Calls:  # noqa: ARG002
        yield from ()


class KnowsOnlyItsFirstToken(Engine):
    """`armed by me` is armed by the message that this batch would arm with."""

    def send_flush(self, armed: str | None, tokens: tuple[str, ...]) -> Calls:
        yield from super().send_flush(armed, tokens[:1])


class FlushReadsBeforeItDisarms(Engine):
    def flush(self, task: Flush) -> Calls:
        version: int = yield read_state()
        yield disarm(task.token)
        yield from self.fan_out(Claimed(version))


class FlushPushesOnce(Engine):
    """Nothing says whose flush disarmed last."""

    def disarm(self, token: str) -> Call[World]:
        def steps(world: World) -> Moves:
            for step in disarm(token).steps(world):
                yield step._replace(world=step.world._replace(flushed=None))

        return Call(f"FLUSH {token} once", steps)


class AcknowledgesBeforeItPushes(Engine):
    """The flush of what had joined is no second chance: a claim disarms it."""

    def publish(self, version: int, tokens: tuple[str, ...]) -> Calls:
        written: Claimed | Joined | Superseded = yield self.write(version, tokens[0])
        if isinstance(written, Claimed):
            yield acknowledge()
            yield from self.fan_out(written)
        else:
            yield from self.send_flush(written.armed, tokens)


class CallerDoesNotRepeat(Engine):
    """`publish` called from a route or a schedule: a crash is the end of it."""

    def crashed(self, world: World, messages: Messages) -> tuple[World, Messages]:
        return world, tuple(m for m in messages if not isinstance(m, Publish))


class CountedClicksAreNotPublished(Engine):
    def aggregate(self, tokens: tuple[str, ...]) -> Calls:
        new: int = yield count(tokens)
        total: int = yield read_total()
        if new:
            yield from self.publish(total, tokens)


class LeaseInPlaceOfJoin(Engine):
    """Whoever finds the channel held leaves its value to the holder's flush.

    The holder's own message carries the hold, so nobody arms anything.
    """

    def write(self, version: int, token: str) -> Call[World]:  # noqa: ARG002
        def steps(world: World) -> Moves:
            if world.version > version:
                yield Step(Superseded(None), world)
                return
            held = Joined("lease") if world.armed else Claimed(version)
            yield Step(held, world._replace(version=version, armed="lease"))

        return Call(f"write v{version}, take lease", steps)

    def publish(self, version: int, tokens: tuple[str, ...]) -> Calls:
        taken: Claimed | Joined | Superseded = yield self.write(version, tokens[0])
        if isinstance(taken, Claimed):
            yield from self.fan_out(taken)
            yield send(Flush("lease"))

    def flush(self, task: Flush) -> Calls:
        version: int = yield read_state()
        yield from self.fan_out(Claimed(version))
        yield disarm(task.token)


class ConnectSendsNoCatchUp(Engine):
    def connect(self) -> Calls:
        yield begin_connect(self.scenario.since)
        yield put_row("connect")


class ConnectReadsAgainBeforeRow(Engine):
    def connect(self) -> Calls:
        before: int = yield begin_connect(self.scenario.since)
        after: int = yield read_state()
        yield put_row("connect")
        if after > before:
            yield send(CatchUp(before))


class EveryCatchUpStopsForNewer(Engine):
    """The rule for a post that failed, used for what $connect found as well."""

    def is_due(self, task: CatchUp, version: int) -> bool:
        return super().is_due(replace(task, superseded_by_newer=True), version)


class _Remedies(Engine):
    def remedies(self, version: int, row: Row, outcome: Outcome, share: Range) -> Sequence[Task]:
        instead = self.instead(row, outcome)
        return super().remedies(version, row, outcome, share) if instead is None else instead

    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:
        raise NotImplementedError


class Young410IsIgnored(_Remedies):
    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:
        return [] if outcome is Outcome.GONE and row.may_be_opening else None


class Young410Deletes(_Remedies):
    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:
        return [Forget()] if outcome is Outcome.GONE and row.may_be_opening else None


class FailedPostIsDropped(_Remedies):
    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:  # noqa: ARG002
        return [] if outcome is Outcome.FAILED else None


class SlowPostIsDropped(_Remedies):
    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:  # noqa: ARG002
        return [] if outcome is Outcome.SLOW else None


class UnstartedIsDropped(_Remedies):
    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:  # noqa: ARG002
        return [] if outcome is Outcome.UNSTARTED else None


class UnansweredIsDropped(_Remedies):
    def instead(self, row: Row, outcome: Outcome) -> Sequence[Forget] | None:  # noqa: ARG002
        return [] if outcome is Outcome.UNANSWERED else None


class RestTakesA410ForTheEnd(Engine):
    """Without the row nobody knows that the socket may be opening."""

    def serve_rest(self, task: Rest) -> Calls:  # noqa: ARG002
        version: int = yield read_state()
        outcome: Outcome = yield self.post(version)
        if outcome is Outcome.GONE:
            yield send(Forget())
        elif outcome is not Outcome.DELIVERED:
            yield send(CatchUp(version, superseded_by_newer=True))


class JudgesAgeAfterThePost(Engine):
    """A socket that was opening answers 410, and its row turns 60 s while others are posted to."""

    def serve(self, version: int, row: Row | None, share: Range) -> Calls:
        if row is None:
            return
        outcome: Outcome = yield self.post(version, inline=True)
        later: Row = yield Call("look at the clock", lambda world: [Step(seen(world), world)])
        yield from self.send_tasks(*self.remedies(version, later, outcome, share))


class DelaysEndBeforeAHandshake(Engine):
    def read_row(self, attempt: int) -> Call[World]:  # noqa: ARG002 - any attempt comes at any time
        return read_row(0)


class AcknowledgesBeforeTasksAreSent(Engine):
    def send_tasks(self, *tasks: Task) -> Calls:
        yield acknowledge()
        yield from super().send_tasks(*tasks)


class RangesLeaveTheirEdgeOut(Engine):
    def cut(self) -> Calls:
        yield from self.send_tasks(Range(None, CONNECTION - 1))
        yield from self.send_tasks(Range(CONNECTION, None))


class RangeReadsAnOldState(Engine):
    """An eventually consistent read."""

    def read_state_for_range(self) -> Call[World]:
        def steps(world: World) -> Moves:
            yield Step(world.version, world)
            yield Step(max(world.version - 1, 0), world)

        return Call("read STATE eventually", steps)


def show_whatever_comes(world: World, version: int) -> World:
    back = world.went_back or version < world.shown
    return world._replace(shown=version, went_back=back)


class ClientShowsWhateverComes(Engine):
    def post(self, version: int, *, inline: bool = False) -> Call[World]:
        return post(version, show_whatever_comes, inline=inline)

    def reply(self, version: int) -> Call[World]:
        return reply(version, show_whatever_comes)
