"""The modes, and the realtime table behind its ports, of every function.

Apart from `runtime`, because a function that posts nothing must not load the client that posts.
"""

from ... import aws
from ..channels import Rule
from ..engine import Tables
from ..every.log_store import DynamoLog
from ..every.mode import Every
from ..latest.mode import Latest
from ..latest.store import DynamoStates
from ..modes import Mode
from ..store import DynamoStore


def mode_of(rule: Rule) -> Mode:
    return Latest(rule.min_interval_ms) if rule.delivery == "latest" else Every()


def tables(table_name: str) -> Tables:
    client = aws.dynamodb()
    return Tables(
        store=DynamoStore(client, table_name),
        states=DynamoStates(client, table_name),
        log=DynamoLog(client, table_name),
    )
