"""An engine on fakes, for tests of publishing, delivering and retrying."""

from dataclasses import dataclass, field
from typing import Any, Literal

from handlers.realtime.channels import Rules
from handlers.realtime.engine import Engine, Limits
from handlers.realtime.functions.tables import mode_of
from handlers.realtime.model import Connection, Subscription

from .log import MemoryLog
from .realtime import MemoryPosts, MemoryQueue, MemoryStore
from .schedule import step

RULES_TEXT = (
    '[{"pattern":"link:*","access":"public","delivery":"latest","min_interval_ms":200,'
    '"publishers":[]},'
    '{"pattern":"raw:*","access":"public","delivery":"latest","min_interval_ms":0,'
    '"publishers":[]},'
    '{"pattern":"order:*","access":"public","delivery":"every","min_interval_ms":0,'
    '"publishers":[]}]'
)
RULES = Rules.parse(RULES_TEXT)
API = "api"
NOW = 1_763_787_600_123


@dataclass
class Fakes:
    """The ports in memory, and a clock that only a sleep or a test moves."""

    store: MemoryStore = field(default_factory=MemoryStore)
    log: MemoryLog = field(default_factory=MemoryLog)
    posts: MemoryPosts = field(default_factory=MemoryPosts)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    now: int = NOW
    limits: Limits = field(default_factory=Limits)

    @property
    def engine(self) -> Engine:
        return Engine(
            store=self.store,
            states=self.store,
            log=self.log,
            posts=self.posts,
            queue=self.queue,
            rules=RULES,
            mode_of=mode_of,
            now_ms=lambda: self.now,
            api_id=API,
            limits=self.limits,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        await step()
        self.now += round(seconds * 1000)


def watcher(
    store: MemoryStore,
    connection_id: str,
    *channels: str,
    via: Literal["connect", "subscribe"] = "subscribe",
    **fields: Any,
) -> None:
    """A connection with its rows; the fields are those of `Subscription`."""
    row: dict[str, Any] = {
        "connected_at": NOW,
        "expires_at": NOW // 1000 + 7200,
        "api_id": API,
        **fields,
    }
    store.connections[connection_id] = Connection(
        connection_id, "anonymous", row["connected_at"], row["expires_at"], frozenset(channels)
    )
    for channel in channels:
        store.rows[channel, connection_id] = Subscription(connection_id, via=via, **row)


def subscribers(fakes: Fakes, count: int, channel: str = "link:a") -> list[str]:
    ids = [f"c{number:03}" for number in range(count)]
    for connection_id in ids:
        watcher(fakes.store, connection_id, channel)
    return ids
