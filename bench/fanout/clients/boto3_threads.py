"""boto3 in threads, as most Python functions post."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

from ..job import Job, main


def prepare(job: Job) -> Callable[[Sequence[str]], int]:
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=job.endpoint,
        region_name=job.region,
        aws_access_key_id=job.access_key,
        aws_secret_access_key=job.secret_key,
        aws_session_token=job.token,
        verify=job.certificate,
        config=Config(max_pool_connections=job.concurrency),
    )
    executor = ThreadPoolExecutor(job.concurrency)
    data = job.data.encode()

    def post(connection_id: str) -> bool:
        answer = client.post_to_connection(ConnectionId=connection_id, Data=data)
        return answer["ResponseMetadata"]["HTTPStatusCode"] == 200

    def post_batch(ids: Sequence[str]) -> int:
        return sum(executor.map(post, ids))

    return post_batch


if __name__ == "__main__":
    main(prepare)
