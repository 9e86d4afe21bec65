"""Messages, the actors that handle them, and what may go wrong: the moves of every exploration.

A message waits until an actor starts on it. The actor takes one step for each call to a port, and
between two steps any other actor may take any number. An actor that dies leaves its message to
another one; an actor that returns deletes it.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .explorer import Choice, Script, explore

S = TypeVar("S", bound="Situation")
F = TypeVar("F")
P = TypeVar("P")
Run = Callable[[Any, Any, Script], Coroutine[Any, Any, None]]
"""What an actor does, given the situation, its ports, and its script for all that is no port."""


@dataclass(frozen=True)
class Message:
    name: str
    """Messages of one name do the same."""
    run: Run
    about: object = None
    """What is handled, for a situation that looks at it."""
    may_die: bool = True
    comes_again: bool = True
    """After the death of its actor."""
    may_come_twice: bool = False
    change: Callable[["Actor", Any], Any] = lambda _, ports: ports
    """Puts a broken design in the place of a port."""


class Actor:
    """A process at work on one message. It never changes: a step makes another one."""

    def __init__(self, message: Message, number: int, script: Script, steps: int = 0) -> None:
        self.message, self.number = message, number
        self.script, self.steps = script, steps
        self.acknowledges = False
        """Whether its message is deleted although the actor has not returned."""
        self.is_done = False
        self.gives_up = False
        self.summary = ""

    def step(self, world: "Situation") -> "Actor":
        """The actor after one step more, on the way to which it does again what this one did."""
        after = Actor(self.message, self.number, Script(self.script.answers), self.steps + 1)
        ports = self.message.change(after, world.ports(after.script))
        run = self.message.run(world, ports, after.script)
        for _ in range(self.steps):
            run.send(None)
        after.script.pending = ""
        try:
            run.send(None)
        except StopIteration:
            after.is_done = True
        except world.giving_up:
            after.is_done = after.gives_up = True
        where = "done" if after.is_done else f"{after.steps} {after.script}"
        after.summary = f"{self.message.name} {where} {after.acknowledges} {after.gives_up}"
        return after


class Changed:
    """A port with some of its methods replaced by a subclass, which is a broken design."""

    def __init__(self, port: Any, actor: Actor) -> None:
        self.port, self.actor = port, actor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


def unchanged(_: Actor, ports: P) -> P:
    return ports


def changing(**ports: type[Changed]) -> Callable[[Actor, Any], Any]:
    """What an actor is given instead of the named ports."""

    def change(actor: Actor, all_ports: Any) -> Any:
        changed = {name: kind(getattr(all_ports, name), actor) for name, kind in ports.items()}
        return replace(all_ports, **changed)

    return change


@dataclass(frozen=True)
class Broken:
    """A design that must be seen to fail where the right one holds."""

    where: str
    """The name of the setup,"""
    change: Mapping[str, Any]
    """and what is changed in it."""

    def faults(
        self, situation: Callable[[Any], "Situation"], setups: Mapping[str, tuple[Any, int]]
    ) -> Mapping[str, Any]:
        """The first that the explorer finds; none if the design holds."""
        setup, _ = setups[self.where]
        return explore(situation(replace(setup, **self.change)), stop_at_fault=True).faults


def copied(fake: F) -> F:
    """The fake with containers of its own."""
    made = object.__new__(type(fake))
    made.__dict__ = {
        name: value.copy() if isinstance(value, dict | list | set) else value
        for name, value in vars(fake).items()
    }
    return made


class Situation:
    """`World` of the explorer. A subclass has the fakes, the ports and the promise."""

    giving_up: tuple[type[Exception], ...] = ()
    """What an actor raises to have its message come again."""
    commuting: frozenset[str] = frozenset()
    """Calls that read and change nothing another actor sees, but for a new message."""

    def __init__(
        self, *, crashes: int = 0, duplicates: int = 0, in_every_order: bool = False
    ) -> None:
        self.crashes, self.duplicates = crashes, duplicates
        self.in_every_order = in_every_order
        """Also where two calls commute, which must not lead to another end."""
        self.messages: dict[int, Message] = {}
        """Those that are not deleted, also while an actor is at work on them."""
        self.actors: dict[str, Actor] = {}
        self._counts_duplicates = duplicates > 0

    # What a subclass says

    def ports(self, script: Script) -> Any:
        raise NotImplementedError

    def state(self) -> Hashable:
        """All that an actor could see."""
        raise NotImplementedError

    def copy_fakes(self) -> None:
        """Gives this copy fakes of its own."""
        raise NotImplementedError

    def fault(self) -> str | None:
        return None

    def fault_at_the_end(self) -> str | None:
        return None

    def stepped(self, actor: Actor) -> None:
        """Moves what the step left in the fakes to its destination."""

    def returned(self, actor: Actor) -> None:
        """Adds what follows from the return."""

    def died(self, actor: Actor) -> None:
        """Notes what the death means, if more than that the message comes again."""

    def may_start(self, message: Message, actors: Iterable[Actor]) -> bool:  # noqa: ARG002 - for subclasses
        return True

    def events(self, *, alone: bool) -> Sequence[Choice]:  # noqa: ARG002 - for subclasses
        """What may happen beside the actors; `alone` when none of those can go on."""
        return ()

    def happen(self, event: Choice) -> None:
        raise NotImplementedError

    # The moves

    def add(self, *messages: Message) -> None:
        taken = {*self.messages, *(actor.number for actor in self.actors.values())}
        for message in messages:
            number = next(number for number in range(len(taken) + 1) if number not in taken)
            taken.add(number)
            self.messages[number] = message

    def copy(self: S) -> S:
        made = copy(self)
        made.messages = dict(self.messages)
        made.actors = dict(self.actors)
        made.copy_fakes()
        return made

    def choices(self) -> Sequence[Choice]:
        for name, actor in self.actors.items():
            if self._commutes(actor):
                return self._choices_of(name, actor)
        found = [
            choice
            for name, actor in self.actors.items()
            for choice in self._choices_of(name, actor)
        ]
        found += self._starts()
        return [*found, *self.events(alone=not found)]

    def take(self, choice: Choice) -> None:
        match choice:
            case ("step", name):
                self._step(name)
            case ("crash", name):
                self.crashes -= 1
                self._crash(self.actors.pop(name))
            case ("start" | "start another" as how, name, number):
                self.duplicates -= how == "start another"
                self._step(self._start(int(number)))
            case _:
                self.happen(choice)

    def situation(self) -> Hashable:
        actors = self.actors.values()
        if self._counts_duplicates:
            at_work = sorted((actor.summary, actor.number) for actor in actors)
            messages = sorted((number, message.name) for number, message in self.messages.items())
        else:
            at_work = sorted((actor.summary, actor.number in self.messages) for actor in actors)
            messages = sorted(message.name for message in self.waiting().values())
        return self.state(), at_work, messages, self.crashes, self.duplicates

    def waiting(self) -> dict[int, Message]:
        at_work = {actor.number for actor in self.actors.values()}
        return {n: message for n, message in self.messages.items() if n not in at_work}

    def _choices_of(self, name: str, actor: Actor) -> list[Choice]:
        # Before its first call, an actor has done nothing that its death could leave behind.
        may_die = self.crashes and actor.message.may_die and actor.steps > 1
        return [("step", name), ("crash", name)] if may_die else [("step", name)]

    def _commutes(self, actor: Actor) -> bool:
        """Whether all others may as well wait until the actor has taken this step, or died."""
        if self.in_every_order:
            return False
        if actor.is_done:
            # Another actor may start on the same message until it is deleted.
            return not (self.duplicates and actor.message.may_come_twice)
        return actor.script.pending in self.commuting

    def _starts(self) -> list[Choice]:
        found: dict[str, Choice] = {}
        actors = self.actors.values()
        waiting = self.waiting()
        for number, message in sorted(self.messages.items()):
            if not self.may_start(message, actors):
                continue
            if number in waiting:
                found[message.name] = ("start", message.name, str(number))
            elif self.duplicates and message.may_come_twice:
                found[f"{message.name} again"] = ("start another", message.name, str(number))
        return list(found.values())

    def _start(self, number: int) -> str:
        message = self.messages[number]
        count = Counter(actor.message.name for actor in self.actors.values())[message.name]
        name = f"{message.name}{'' if not count else f' ({count + 1})'}"
        while name in self.actors:
            name += "'"
        self.actors[name] = Actor(message, number, Script())
        return name

    def _step(self, name: str) -> None:
        actor = self.actors[name]
        if actor.is_done:
            del self.actors[name]
            if not actor.gives_up:
                self.messages.pop(actor.number, None)
                self.returned(actor)
            return
        actor = self.actors[name] = actor.step(self)
        if actor.acknowledges:
            self.messages.pop(actor.number, None)
        self.stepped(actor)
        # Without a crash or a second delivery, the last call and the return are one.
        if actor.is_done and not (self.crashes or self.duplicates or actor.gives_up):
            self._step(name)

    def _crash(self, actor: Actor) -> None:
        if not actor.message.comes_again:
            self.messages.pop(actor.number, None)
        self.died(actor)
