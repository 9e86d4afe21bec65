"""What the simulation assumes: published figures where there are any, and guesses called so.

Times are medians in seconds, and constant: a run shows queues and quotas, not the tails of AWS.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One bucket serves HTTP, REST, WebSocket messages and posts alike.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    """

    name: str
    requests_per_second: int
    burst: int
    others_requests_per_second: int = 0
    """What else calls the account's APIs, redirects among it."""

    @property
    def posts_per_second(self) -> int:
        """What the stack lets its pushes use: half, so that redirects and connects go on."""
        return self.requests_per_second // 2


LARGE = Region("10,000 rps", 10_000, 5_000)
SMALL = Region("2,500 rps", 2_500, 1_250)


@dataclass(frozen=True)
class Parameters:
    event_bus_seconds: float = 0.148
    """https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/ (2023)"""
    queue_seconds: float = 0.016
    """SQS to a warm function; same source."""
    send_seconds: float = 0.010
    """A SendMessageBatch. Assumed."""
    senders: int = 5
    """Batches sent at a time: boto3 in the threads that asyncio has on two processors."""
    write_seconds: float = 0.006
    read_seconds: float = 0.004
    transaction_seconds: float = 0.012
    """DynamoDB publishes no more than `single-digit milliseconds`: these three are assumed."""
    post_seconds: float = 0.020
    """A post to a connection. AWS publishes nothing; assumed."""
    cold_start_seconds: float = 0.8
    """A function with boto3 at 512 MB. Assumed."""
    memory_mb: int = 512
    row_bytes: int = 136
    page_bytes: int = 1_048_576
    row_processor_seconds: float = 0.000_040
    """Of a whole processor, as the two below: to read a row from DynamoDB's answer by botocore."""
    post_processor_seconds: float = 0.000_030
    """A post of ours."""
    naive_post_processor_seconds: float = 0.000_650
    """A post by the AWS SDK for JavaScript v3."""
    sockets: int = 64
    naive_sockets: int = 50
    """Of the SDK by default."""
    aggregators: int = 5
    workers: int = 10
    batch_size: int = 10
    timeout_seconds: float = 60
    naive_timeout_seconds: float = 900
    """Lambda's maximum; the design says nothing of it."""

    @property
    def processor_share(self) -> float:
        """Of one processor; Lambda gives a whole one at 1,769 MB."""
        return self.memory_mb / 1769

    @property
    def page_rows(self) -> int:
        return self.page_bytes // self.row_bytes
