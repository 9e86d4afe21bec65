"""`python -m localcloud.provider --endpoint URL` serves the provider until its stdin closes.

Its first line says the port. A parent that holds stdin open takes the provider with it however it
ends.
"""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from ..lifecycle import Lifecycle
from .service import Provider

PARALLEL_CALLS = 16
ANY_SIZE = -1
"""A layer is an archive of some ten megabytes, and the default limit is four."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localcloud.provider", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="address of a running local cloud")
    endpoint: str = parser.parse_args().endpoint
    with closing(Lifecycle(endpoint)) as resources, ThreadPoolExecutor(PARALLEL_CALLS) as threads:
        server = grpc.server(
            threads,
            options=[
                ("grpc.max_receive_message_length", ANY_SIZE),
                ("grpc.max_send_message_length", ANY_SIZE),
            ],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(resources), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        print(port, flush=True)  # noqa: T201 - it is waited for
        while os.read(0, 4096):
            pass
        server.stop(grace=None).wait()


main()
