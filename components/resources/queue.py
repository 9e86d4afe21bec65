"""Queues that feed functions. A message that fails five times is kept and never dropped.

A function names the messages of a batch that failed; without `ReportBatchItemFailures` Lambda would
ignore those names and delete the whole batch.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import policies
from .arguments import check
from .function import Function
from .names import FIFO_QUEUE_NAME, check_name

BATCH_SIZE = 10
MAXIMUM_RECEIVES = 5
RUNS_PER_VISIBILITY_TIMEOUT = 6
FOURTEEN_DAYS_SECONDS = 1_209_600
"""As long as SQS keeps a message. A standard queue counts from when it was sent, in its dead-letter
queue too: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueArgs:
    consumer_timeout_seconds: int
    """Timeout of the function that it feeds; a message is hidden for six times as long."""

    fifo: bool | None = None
    """Keep the order within a message group, and drop repeated ids; false by default."""

    region: str | None = None
    """Region that it is made in; by default the provider's."""

    kms_key_arn: pulumi.Input[str] | None = None
    """Key of its messages, as of `CustomerKey`; by default SQS's own."""

    protect_data: bool | None = None
    """Have Pulumi refuse to delete or replace both queues; false by default."""

    def __post_init__(self) -> None:
        check(self)


class Queue(pulumi.ComponentResource):
    """A queue for one function, and its dead-letter queue."""

    url: pulumi.Output[str]
    """Address that messages are sent to."""
    arn: pulumi.Output[str]
    """ARN of the queue."""
    dead_letter_queue_url: pulumi.Output[str]
    """Messages that failed five times, until fourteen days after they were sent; to be redriven."""
    consume_policy: pulumi.Output[str]
    """JSON document: permissions that the event source mapping uses, for the function's role."""

    def __init__(
        self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("Queue", name, {"-dead-letter": FIFO_QUEUE_NAME})
        super().__init__("realtime:index:Queue", name, None, opts)
        self._region = args.region
        dead_letter = kept_queue(
            f"{name}-dead-letter",
            self,
            fifo=args.fifo,
            region=args.region,
            kms_key_arn=args.kms_key_arn,
            protect=args.protect_data,
        )
        source = self._source(name, args, dead_letter)
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [source.arn]}
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow-policy",
            queue_url=dead_letter.url,
            redrive_allow_policy=pulumi.Output.json_dumps(allowed),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )

        self.url, self.arn = source.url, source.arn
        self.dead_letter_queue_url = dead_letter.url
        self.consume_policy = policies.document(
            policies.allow(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [source.arn]
            )
        )
        self.register_outputs({key: getattr(self, key) for key in Queue.__annotations__})

    def feed(self, function: Function, *, maximum_concurrency: int) -> None:
        """Gives the function, which needs the consume policy, messages as they come."""
        aws.lambda_.EventSourceMapping(
            f"{self.pulumi_resource_name}-mapping",
            event_source_arn=self.arn,
            function_name=function.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": maximum_concurrency},
            region=self._region,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _source(self, name: str, args: QueueArgs, dead_letter: aws.sqs.Queue) -> aws.sqs.Queue:
        redrive = {"deadLetterTargetArn": dead_letter.arn, "maxReceiveCount": MAXIMUM_RECEIVES}
        return aws.sqs.Queue(
            f"{name}-source",
            # By default four days, after which a message that no function has received is deleted.
            message_retention_seconds=FOURTEEN_DAYS_SECONDS,
            visibility_timeout_seconds=RUNS_PER_VISIBILITY_TIMEOUT * args.consumer_timeout_seconds,
            redrive_policy=pulumi.Output.json_dumps(redrive),
            sqs_managed_sse_enabled=_by_sqs(args.kms_key_arn),
            kms_master_key_id=args.kms_key_arn,
            fifo_queue=args.fifo,
            # Both together move the limit of 300 requests a second from the queue to each group.
            deduplication_scope="messageGroup" if args.fifo else None,
            fifo_throughput_limit="perMessageGroupId" if args.fifo else None,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )


def kept_queue(
    name: str,
    parent: pulumi.Resource,
    *,
    fifo: bool | None = None,
    region: str | None = None,
    kms_key_arn: pulumi.Input[str] | None = None,
    protect: bool | None = None,
) -> aws.sqs.Queue:
    """Keeps messages as long as SQS can: an operator has to look at them."""
    return aws.sqs.Queue(
        name,
        message_retention_seconds=FOURTEEN_DAYS_SECONDS,
        sqs_managed_sse_enabled=_by_sqs(kms_key_arn),
        kms_master_key_id=kms_key_arn,
        fifo_queue=fifo,
        region=region,
        opts=pulumi.ResourceOptions(parent=parent, protect=protect),
    )


def _by_sqs(kms_key_arn: pulumi.Input[str] | None) -> bool | None:
    """A queue is encrypted by SQS or by a key, and says nothing of the other."""
    return True if kms_key_arn is None else None
