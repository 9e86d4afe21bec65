"""Which states can follow a state, one AWS call at a time.

A message stays in its queue until its handler has returned. So a crash, anywhere, is nothing but
the end of a handler, and the message comes again; the order and the time of deliveries are free.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple

from tests.unit.model.system import Call, Message, Messages, System, Undelivered, World

Label = tuple[str, str, Hashable]
"""Who does what, and how it ends; put into words only for a trace."""


class State(NamedTuple, Generic[World]):
    world: World
    queue: tuple[int, ...]
    """A multiset of message numbers, in flight or not."""
    running: tuple[int, ...]
    """A multiset of handler states."""
    crashes: int
    duplicates: int


@dataclass(frozen=True)
class _Handling(Generic[World]):
    """A handler between two calls."""

    batch: tuple[int, ...]
    messages: tuple[int, ...]
    """Those that its death would bring back."""
    name: str
    results: tuple[Hashable, ...]
    call: Call[World] | None
    """The next one; None when it has returned."""
    gave_up: bool


class _Numbers:
    """Small integers in place of messages, so that states compare and sort fast.

    Where messages may come twice, two that say the same have two numbers: to delete one must leave
    the other.
    """

    def __init__(self, *, distinct: bool) -> None:
        self.messages: list[Message] = []
        self._distinct = distinct
        self._numbers: dict[Message, list[int]] = {}

    def new(self, messages: Messages, taken: set[int]) -> tuple[int, ...]:
        numbers: list[int] = []
        for message in messages:
            number = self._free(message, taken | {*numbers})
            numbers.append(number)
        return tuple(numbers)

    def _free(self, message: Message, taken: set[int]) -> int:
        known = self._numbers.setdefault(message, [])
        for number in known:
            if not self._distinct or number not in taken:
                return number
        known.append(len(self.messages))
        self.messages.append(message)
        return known[-1]

    def back(self, numbers: Iterable[int]) -> Messages:
        return tuple(self.messages[number] for number in numbers)


class _Handlings(Generic[World]):
    """Every handler state met so far, each replayed once."""

    def __init__(self, system: System[World], numbers: _Numbers) -> None:
        self._system, self._numbers = system, numbers
        self.known: list[_Handling[World]] = []
        self._next: dict[Hashable, int] = {}

    def at(self, messages: tuple[int, ...], results: tuple[Hashable, ...] = ()) -> int:
        key = (messages, results)
        if key not in self._next:
            handling = self._replay(messages, results)
            # Of a handler that has returned nothing is left but its messages.
            same = key if handling.call else (handling.messages, handling.gave_up)
            if same not in self._next:
                self._next[same] = len(self.known)
                self.known.append(handling)
            self._next[key] = self._next[same]
        return self._next[key]

    def after(self, number: int, result: Hashable) -> int:
        key = (number, result)
        if key not in self._next:
            handling = self.known[number]
            self._next[key] = self.at(handling.batch, (*handling.results, result))
        return self._next[key]

    def _replay(self, batch: tuple[int, ...], results: tuple[Hashable, ...]) -> _Handling[World]:
        subjects = self._numbers.back(batch)
        handler = self._system.handle(subjects)
        call: Call[World] | None = None
        messages, gave_up = batch, False
        try:
            call = next(handler)
            for result in results:
                if call.acknowledges:
                    messages = ()
                call = handler.send(result)
        except StopIteration:
            call = None
        except Undelivered:
            call, gave_up = None, True
        name = " + ".join(map(str, subjects))
        return _Handling(batch, messages, name, results, call, gave_up)


class Explorer(Generic[World]):
    def __init__(self, system: System[World]) -> None:
        self.system = system
        self.numbers = _Numbers(distinct=system.duplicates > 0)
        self.handlings = _Handlings(system, self.numbers)

    def start(self) -> State[World]:
        world, messages = self.system.start()
        queue = tuple(sorted(self.numbers.new(messages, set())))
        return State(world, queue, (), self.system.crashes, self.system.duplicates)

    def successors(self, state: State[World]) -> Iterator[tuple[Label, State[World]]]:
        """All that can happen next, or as much of it as leads to the same ends.

        A handler whose next step commutes with the steps of all others takes it, or dies, before
        anybody else moves: in any other order the same states follow.
        """
        for index, number in enumerate(state.running):
            call = self.handlings.known[number].call
            if call is None or call.commutes:
                others = state.running[:index] + state.running[index + 1 :]
                yield from self._go_on(state._replace(running=others), number)
                return
        yield from self.everything(state)

    def everything(self, state: State[World]) -> Iterator[tuple[Label, State[World]]]:
        previous = None
        for index, number in enumerate(state.running):
            if number != previous:  # two handlers in the same state take the same steps
                others = state.running[:index] + state.running[index + 1 :]
                yield from self._go_on(state._replace(running=others), number)
            previous = number
        for messages, duplicates in self._deliveries(state):
            started = self.handlings.at(messages)
            yield from self._call(state._replace(duplicates=duplicates), started)

    def _go_on(self, state: State[World], number: int) -> Iterator[tuple[Label, State[World]]]:
        """`state` is without the handler."""
        handling = self.handlings.known[number]
        if handling.gave_up:
            yield (handling.name, "gives up", "comes again"), state
            return
        if handling.call is None:
            yield from self._return(state, handling)
        else:
            yield from self._call(state, number)
        if state.crashes:
            yield (handling.name, "CRASH", None), self._crash(state, handling)

    def _call(self, state: State[World], number: int) -> Iterator[tuple[Label, State[World]]]:
        handling = self.handlings.known[number]
        assert handling.call is not None, f"{handling.name} is handled without a call"
        queue = state.queue
        if handling.call.acknowledges:
            queue = _without(queue, handling.messages)
        for result, world, sent in handling.call.steps(state.world):
            running = tuple(sorted((*state.running, self.handlings.after(number, result))))
            after = self._with(queue, sent, (*state.running, number))
            yield (
                (handling.name, handling.call.name, result),
                State(world, after, running, state.crashes, state.duplicates),
            )

    def _return(
        self, state: State[World], handling: _Handling[World]
    ) -> Iterator[tuple[Label, State[World]]]:
        messages = self.numbers.back(handling.messages)
        follows = self.system.returned(messages)
        queue = self._with(_without(state.queue, handling.messages), follows, state.running)
        yield (handling.name, "returns", None), state._replace(queue=queue)
        if state.duplicates and any(map(self.system.may_be_duplicated, messages)):
            yield (
                (handling.name, "returns", "but comes again"),
                state._replace(duplicates=state.duplicates - 1),
            )

    def _crash(self, state: State[World], handling: _Handling[World]) -> State[World]:
        # What another delivery of the same message has acknowledged does not come again.
        left = [number for number in handling.messages if number in state.queue]
        world, again = self.system.crashed(state.world, self.numbers.back(left))
        lost = [number for number in left if self.numbers.messages[number] not in again]
        queue = _without(state.queue, lost)
        return state._replace(world=world, queue=queue, crashes=state.crashes - 1)

    def _deliveries(self, state: State[World]) -> Iterator[tuple[tuple[int, ...], int]]:
        in_flight = [n for running in state.running for n in self.handlings.known[running].messages]
        waiting = _without(state.queue, in_flight)
        # Of messages that say the same it does not matter which one comes first.
        numbers = {self.numbers.messages[number]: number for number in waiting}
        for batch in self.system.batches(tuple(numbers)):
            yield tuple(numbers[message] for message in batch), state.duplicates
        if state.duplicates:
            for number in {*state.queue} & {*in_flight} - {*waiting}:
                if self.system.may_be_duplicated(self.numbers.messages[number]):
                    yield (number,), state.duplicates - 1

    def _with(
        self, queue: tuple[int, ...], messages: Messages, running: Iterable[int]
    ) -> tuple[int, ...]:
        if not messages:
            return queue
        in_flight = (n for number in running for n in self.handlings.known[number].messages)
        return tuple(sorted((*queue, *self.numbers.new(messages, {*queue, *in_flight}))))


def _without(queue: tuple[int, ...], numbers: Sequence[int]) -> tuple[int, ...]:
    """One of each number less, where there is one."""
    left = list(queue)
    for number in numbers:
        if number in left:
            left.remove(number)
    return tuple(left)
