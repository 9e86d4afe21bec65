"""Processor times that this machine can tell, so that the simulation need not assume them."""

import json
import time
from pathlib import Path
from typing import Any, cast

import botocore.session
from botocore.parsers import create_parser

ROWS = 1000
ROUNDS = 5
FANOUT = Path(__file__).parents[1] / "results" / "fanout.json"


def post_processor_seconds(client: str) -> float:
    """Processor time of a post over TLS, as `make bench-fanout` found it."""
    return 1 / json.loads(FANOUT.read_text())["tls"][client]["posts_per_cpu_second"]


def row_processor_seconds() -> float:
    """Processor time to read one subscription out of DynamoDB's answer, by botocore."""
    session: Any = cast("Any", botocore.session).get_session()
    model = session.get_service_model("dynamodb")
    shape = model.operation_model("Query").output_shape
    parser: Any = create_parser(model.protocol)
    body = json.dumps({"Items": [_row(number) for number in range(ROWS)], "Count": ROWS}).encode()
    response: dict[str, Any] = {"status_code": 200, "headers": {}, "body": body}
    began = time.process_time()
    for _ in range(ROUNDS):
        parser.parse(response, shape)
    return (time.process_time() - began) / ROUNDS / ROWS


def _row(number: int) -> dict[str, dict[str, str]]:
    return {
        "PK": {"S": "CHANNEL#link:XzVZoih"},
        "SK": {"S": f"CONN#L0SM9cOFvHcCIhw={number}"},
        "api": {"S": "a1b2c3d4e5"},
        "via": {"S": "connect"},
        "connectedAt": {"N": "1763787600000"},
        "expiresAt": {"N": "1763794800"},
        "ttl": {"N": "1763798400"},
    }
