"""Lambda's context object, as far as a log line needs it."""

from typing import cast

from aws_lambda_powertools.utilities.typing import LambdaContext


class _Context:
    function_name = "orders"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders"
    aws_request_id = "5f9a1c0e-0000-4000-8000-000000000000"


CONTEXT = cast("LambdaContext", _Context())
