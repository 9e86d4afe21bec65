"""A client of an `every` channel, as docs/protocol.md describes it."""

from collections.abc import Mapping
from typing import Any

from handlers.realtime.model import Position


class EveryClient:
    """Shows messages in the order of their numbers, and none twice, however frames arrive.

    A push may overtake the reply to `subscribe`, so nothing is shown before that has come, and
    nothing out of turn.
    """

    def __init__(self, since: Position | None = None) -> None:
        self.since = since
        """The position of the newest message shown, for the next `subscribe`."""
        self.shown: list[Any] = []
        self.misses = 0
        """How often the client learnt that there are messages it will never see."""
        self.wants_more = False
        self._early: dict[tuple[int, int], Any] = {}
        self._is_ready = False

    def receive(self, frame: Mapping[str, Any]) -> None:
        about = frame["realtime"]
        if about.get("event") == "subscribed":
            self._take_reply(about)
        else:
            value = {key: value for key, value in frame.items() if key != "realtime"}
            self._early[about["epoch"], about["version"]] = value
        if self._is_ready and self.since:
            self.since = self._show(self.since)

    def _take_reply(self, reply: Mapping[str, Any]) -> None:
        messages = reply["messages"]
        self._is_ready, self.wants_more = True, reply["more"]
        if "epoch" not in reply:  # no message yet: the first there is will be number 1
            self.since = self.since or Position(0, 0)
            return
        epoch, version = reply["epoch"], reply["version"]
        if not reply["recovered"]:
            self.misses += self.since is not None
            self.since = Position(epoch, version)
        elif self.since is None or self.since.version == 0:
            first = messages[0]["version"] if messages else version + 1
            self.since = Position(epoch, first - 1)
        for message in messages:
            self._early[epoch, message["version"]] = message["value"]

    def _show(self, since: Position) -> Position:
        for epoch, version in sorted(self._early):
            if epoch > since.epoch:
                since = Position(epoch, 0)
            if (epoch, version) == (since.epoch, since.version + 1):
                since = Position(epoch, version)
                self.shown.append(self._early[epoch, version])
            if (epoch, version) <= (since.epoch, since.version):
                del self._early[epoch, version]
        return since
