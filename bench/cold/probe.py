"""Runs in a fresh interpreter, alone: imports one function, calls it once, and reports CPU times.

It ends at the first connection that anything tries to open: up to there is cold start, what follows
is the network. json and logging are here before the clock starts, as they are in Lambda.
"""

import importlib
import json
import logging
import os
import sys
import time
from types import SimpleNamespace

CONTEXT = SimpleNamespace(
    aws_request_id="00000000-0000-0000-0000-000000000000",
    function_name="bench",
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:bench",
    memory_limit_in_mb=512,
)


def main() -> None:
    asked = json.loads(sys.argv[1])
    sys.path[:0] = asked["folders"]
    logging.getLogger().setLevel(logging.CRITICAL)
    started = time.process_time()
    module = importlib.import_module(asked["module"])
    imported = time.process_time()

    def report(*, called_aws: bool) -> None:
        times = {
            "import_seconds": imported - started,
            "first_call_seconds": time.process_time() - started,
            "called_aws": called_aws,
        }
        os.write(1, b"\n" + json.dumps(times).encode())
        os._exit(0)

    def on_event(name: str, _: object) -> None:
        if name == "socket.connect":
            report(called_aws=True)

    sys.addaudithook(on_event)
    module.handler(asked["event"], CONTEXT)
    report(called_aws=False)


if __name__ == "__main__":
    main()
